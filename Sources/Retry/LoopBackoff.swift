/// A backoff that counts the failures in a row of one loop or connection.
public struct LoopBackoff: Sendable {
    private let backoff: Backoff
    private var failures = 0

    public init(_ backoff: Backoff = .loop) { self.backoff = backoff }

    /// The delay before the next attempt; each call counts a failure.
    /// - Parameter random: uniform in 0...1.
    public mutating func next(random: Double = Jitter.shared.next()) -> Duration {
        defer { failures += 1 }
        return backoff.delay(attempt: failures, random: random)
    }

    /// Forgets the failures, after a success.
    public mutating func reset() { failures = 0 }

    /// Sleeps for the next delay.
    /// - Returns: `false` if the task was cancelled.
    public mutating func wait() async -> Bool {
        do {
            try await Task.sleep(for: next())
            return true
        } catch {
            return false
        }
    }
}
