import ExportCore
import Synchronization

/// Whether the storage was down for the transfer or manifest that used it last. `/readyz` reports this without a separate request.
final class StorageWatch: Sendable {
    private struct Outage {
        let message: String
        let at = ContinuousClock.now
    }

    private let state = Mutex<Outage?>(nil)
    /// Transfers retry sooner than this: an outage that none of them has met since is over.
    private static let memory = Duration.seconds(60)

    /// The problem of the storage; `nil` while it works.
    var outage: String? { state.withLock { $0.flatMap { .now - $0.at < Self.memory ? $0.message : nil } } }

    func noticed(_ outcome: TransferOutcome) {
        switch outcome {
        case .stored: worked()
        case .failed(let failure): failed(failure)
        case .leaseLost, .aborted: break
        }
    }

    func worked() { state.withLock { $0 = nil } }

    /// A failure that the storage did not cause changes nothing.
    func failed(_ failure: Failure) {
        guard failure.code.hasPrefix("storage-"), !failure.countsAsAttempt else { return }
        state.withLock { $0 = Outage(message: failure.message) }
    }
}
