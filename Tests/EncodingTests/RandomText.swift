/// The same numbers for the same seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension String {
    /// Up to 20 scalars, most of them control characters or ASCII.
    static func random(using generator: inout SplitMix64) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...20, using: &generator) {
            let last: UInt32 = [0x1F, 0x7F, 0x7FF, 0x10FFFF].randomElement(using: &generator) ?? 0
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...last, using: &generator)) { text.unicodeScalars.append(scalar) }
        }
        return text
    }
}

extension [UInt8] {
    static func random(using generator: inout SplitMix64) -> [UInt8] {
        (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
