import Synchronization

/// The clock of a loop's progress: the loop beats at every turn, and a health check asks for how long it has not.
///
/// A loop that waits for work, for however long, says so by ``rest()`` and is not late meanwhile. A beat costs a clock reading
/// and a store, and may come from any thread.
public final class ProgressMonitor: Sendable {
    private static let resting: Int64 = -1

    /// Suspended with the machine: a laptop that wakes up has not missed anything.
    private let start = SuspendingClock.now
    /// Nanoseconds from `start` to the last beat, or `resting`.
    private let mark = Atomic<Int64>(0)

    /// Begins with a beat.
    public init() {}

    /// The loop has made a turn.
    public func beat() { mark.store(elapsed, ordering: .relaxed) }

    /// The loop waits for work that may never come; until the next beat, ``age`` is zero.
    public func rest() { mark.store(Self.resting, ordering: .relaxed) }

    public var isResting: Bool { mark.load(ordering: .relaxed) == Self.resting }

    /// The time since the last beat; zero at rest.
    public var age: Duration {
        let mark = mark.load(ordering: .relaxed)
        return mark == Self.resting ? .zero : .nanoseconds(max(0, elapsed - mark))
    }

    private var elapsed: Int64 {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
