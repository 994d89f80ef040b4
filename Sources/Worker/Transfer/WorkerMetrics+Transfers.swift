import Lifecycle
import Logging

extension WorkerMetrics {
    /// Counts and logs the end of an attempt at a file.
    /// - Parameter outcome: of the transfer; `nil` when the file was given up before one.
    func report(_ end: FileEnd, of outcome: TransferOutcome?, _ logger: Logger) {
        switch end {
        case .stored:
            let objects = outcome?.objects ?? []
            let bytes = objects.reduce(0) { $0 + $1.bytes }
            count(.stored)
            stored.increment(by: bytes)
            logger.info("file stored", metadata: ["objects": "\(objects.count)", "bytes": "\(bytes)"])
        case .retried(let delay):
            count(.retried)
            countRetry(outcome.code)
            logger.notice("transfer failed, retry in \(delay): \(outcome.reason)", metadata: outcome.metadata)
        case .givenUp:
            count(outcome == nil ? .exhausted : .failed)
            logger.error("file given up: \(outcome.reason)", metadata: outcome.metadata)
        case .handedBack:
            count(.handedBack)
            logger.notice("transfer aborted by the shutdown; the file is handed back")
        case .leaseLost:
            count(.leaseLost)
            logger.warning("transfer given up: the file's lease is lost, or its job is over")
        case .unrecorded:
            count(.unrecorded)
            logger.warning("the outcome of a transfer was not stored; the file's timer brings the file back")
        }
    }
}

extension TransferOutcome? {
    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["errorCode": "\(code)"]
        if let answer = self?.failure?.answer { metadata["answer"] = "\(answer)" }
        return metadata
    }

    fileprivate var code: String { self?.failure?.code ?? "file-attempts-exhausted" }
    fileprivate var reason: String { self?.failure?.message ?? "earlier attempts used up what the provider file allows" }
}
