import ExportCore
import Synchronization

/// Whether the storage was down for who asked it last: what `/readyz` tells, without asking the storage itself.
final class StorageWatch: Sendable {
    private struct Outage {
        let message: String
        let at = ContinuousClock.now
    }

    private let state = Mutex<Outage?>(nil)
    /// Transfers try again sooner; what nobody has met for so long is no news.
    private static let memory = Duration.seconds(60)

    /// What is wrong with the storage; `nil` while it works.
    var outage: String? { state.withLock { $0.flatMap { .now - $0.at < Self.memory ? $0.message : nil } } }

    func worked() { state.withLock { $0 = nil } }

    /// A failure that is not the storage's changes nothing.
    func failed(_ failure: Failure) {
        guard failure.code.hasPrefix("storage-"), !failure.countsAsAttempt else { return }
        state.withLock { $0 = Outage(message: failure.message) }
    }
}
