import ExportCore
import Synchronization

/// Whether the storage was down for the transfer that asked it last: what `/readyz` tells, without asking the storage itself.
final class StorageWatch: Sendable {
    private let state = Mutex<String?>(nil)

    /// What is wrong with the storage; `nil` while it works.
    var outage: String? { state.withLock { $0 } }

    func worked() { state.withLock { $0 = nil } }

    /// A failure that is not the storage's changes nothing.
    func failed(_ failure: Failure) {
        guard failure.code.hasPrefix("storage-"), !failure.countsAsAttempt else { return }
        state.withLock { $0 = failure.message }
    }
}
