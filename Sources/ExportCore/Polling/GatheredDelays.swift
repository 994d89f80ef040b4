import Foundation

/// Lets checks that one request can ask for fall due at the same instants.
enum GatheredDelays {
    /// A delay may grow or shrink by half of this.
    private static let share = 1.0 / 8
    /// Shorter delays stay as they are.
    private static let least = Duration.milliseconds(250)

    /// The delay, moved so that it ends at a multiple of a power of two of seconds: those of long delays are also ends of short ones.
    /// - Parameters:
    ///   - clock: the time of day. Clocks that differ only make smaller groups.
    ///   - atLeast: a bound that the delay does not go below if it was not below before.
    static func aligned(_ delay: Duration, clock: Duration, atLeast: Duration, atMost: Duration) -> Duration {
        guard delay > least, delay >= atLeast else { return delay }
        let grid = Duration.seconds(exp2((delay * share / .seconds(1)).binaryLogarithm))
        let end = (clock + delay) / grid
        let nearest = grid * end.rounded() - clock
        if nearest < atLeast { return grid * end.rounded(.up) - clock }
        return nearest > max(atMost, delay) ? max(grid * end.rounded(.down) - clock, atLeast) : nearest
    }
}

extension Double {
    /// Rounded down.
    fileprivate var binaryLogarithm: Double { log2(self).rounded(.down) }
}
