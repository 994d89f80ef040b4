import Foundation

/// Random numbers that a seed determines, so that a failure of a random test can be repeated. SplitMix64: Steele, Lea, Flood, "Fast
/// Splittable Pseudorandom Number Generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    public mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    public mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
}

/// The seeds of random tests.
public enum Seeds {
    /// The seeds in `LONGHAUL_SEED`, separated by commas, or else `usual`.
    public static func given(else usual: [UInt64]) -> [UInt64] {
        let named = ProcessInfo.processInfo.environment["LONGHAUL_SEED"]?.split(separator: ",").compactMap { UInt64($0) } ?? []
        return named.isEmpty ? usual : named
    }
}
