import ExportCore

/// How an attempt at a file ended, before the outcome is stored.
enum TransferOutcome: Sendable {
    /// Every object has its final name.
    case stored([StoredObject])
    case failed(Failure)
    /// Another worker may have the file, so nothing more may be done.
    case leaseLost
    /// The worker shuts down.
    case aborted

    /// The event for the file machine; `nil` for a file that this worker has lost.
    /// - Parameters:
    ///   - attempt: the attempt that ended, from 1.
    ///   - deferredFor: since when the file was put off before this attempt.
    func event(attempt: Int, deferredFor: Duration? = nil) -> FileEvent? {
        switch self {
        case .stored: .stored
        case .failed(let failure): .failed(failure, attempt: attempt, deferredFor: deferredFor)
        case .aborted: .handedBack
        case .leaseLost: nil
        }
    }

    var objects: [StoredObject] { if case .stored(let objects) = self { objects } else { [] } }

    var failure: Failure? { if case .failed(let failure) = self { failure } else { nil } }
}

/// A file's lease is lost, or has certainly expired by this machine's clock.
struct LeaseLost: Error {}
