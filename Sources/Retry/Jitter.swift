import Synchronization

/// Random numbers for jitter, from any thread without a lock. The system's generator is unpredictable, which jitter does not need, and costs a
/// system call for each number.
///
/// SplitMix64, a counter whose bits are mixed: G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014.
public final class Jitter: Sendable {
    /// For whoever needs no sequence of its own.
    public static let shared = Jitter()

    private let counter = Atomic<UInt64>(.random(in: .min ... .max))

    public init() {}

    /// Uniform in 0..<1.
    public func next() -> Double {
        var mixed = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        // The 53 bits that a double holds.
        return Double(mixed >> 11) * 0x1p-53
    }
}
