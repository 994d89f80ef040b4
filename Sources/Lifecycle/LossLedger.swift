import JobStore
import Synchronization

/// Work that was lost and is taken up again, until somebody writes it into the store. What this process forgets when it dies is only a
/// number for operators.
public final class LossLedger: Sendable {
    private let counts = Mutex<[LostWork: Int]>([:])

    public init() {}

    public func count(_ kind: LostWork, _ number: Int = 1) {
        guard number > 0 else { return }
        counts.withLock { $0[kind, default: 0] += number }
    }

    /// What was counted since the last call.
    public func take() -> [LostWork: Int] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }
}
