import Foundation

/// A random number that is a pure function of its purpose. A seed repeats a run however its requests interleave, because no
/// generator has a state that depends on the order of requests.
///
/// The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014), applied once per mixed-in value.
struct Draw: Sendable {
    /// What a number decides. Each purpose has its own stream.
    enum Purpose: UInt64 {
        case identity = 1, queueTime, duration, fileCount, fileBytes, compression, entryCount, content, fault, linkKey, form, token
    }

    let bits: UInt64

    init(_ key: UInt64, _ purpose: Purpose, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0) {
        var mixed = Draw.mix(key ^ (purpose.rawValue &* 0xD1B5_4A32_D192_ED03))
        mixed = Draw.mix(mixed ^ UInt64(bitPattern: Int64(first)))
        mixed = Draw.mix(mixed ^ UInt64(bitPattern: Int64(second)))
        bits = Draw.mix(mixed ^ UInt64(bitPattern: Int64(third)))
    }

    /// Uniform in [0, 1).
    var unit: Double { Double(bits >> 11) * 0x1p-53 }

    /// Normal with mean 0 and standard deviation 1 (Box–Muller).
    var normal: Double {
        let radius = (-2 * log(1 - unit)).squareRoot()
        let angle = 2 * Double.pi * Double(Draw.mix(bits) >> 11) * 0x1p-53
        return radius * cos(angle)
    }

    static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// FNV-1a over the text's UTF-8. Swift's hasher has a different seed in each process.
    static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return hash
    }
}
