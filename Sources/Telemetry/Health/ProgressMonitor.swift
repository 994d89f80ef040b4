import Synchronization

/// Measures a loop's progress: the loop beats at every turn, and a health check reads the time since the last beat.
///
/// A loop that waits for work calls ``rest()`` and is not late meanwhile, however long it waits. A beat costs a clock reading and a
/// store, and may come from any thread.
public final class ProgressMonitor: Sendable {
    private static let resting: Int64 = -1

    /// Stops while the machine is suspended: a laptop that wakes up has missed nothing.
    private let start = SuspendingClock.now
    /// Nanoseconds from `start` to the last beat, or `resting`.
    private let mark = Atomic<Int64>(0)

    /// Starts with a beat.
    public init() {}

    /// Records a turn of the loop.
    public func beat() { mark.store(elapsed, ordering: .relaxed) }

    /// Records that the loop waits for work that may never come; until the next beat, ``age`` is zero.
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
