import ExportCore
import JobStore
import Logging

extension Logger {
    /// Names a job in every line.
    func about(_ job: Job) -> Logger {
        var logger = self
        logger[metadataKey: "jobId"] = "\(job.id)"
        logger[metadataKey: "correlationId"] = "\(job.request.correlationID)"
        logger[metadataKey: "provider"] = "\(job.request.provider)"
        logger[metadataKey: "tenant"] = "\(job.request.tenant)"
        logger[metadataKey: "status"] = "\(job.state.status.rawValue)"
        return logger
    }

    /// Names a file and its job in every line.
    func about(_ file: ClaimedFile) -> Logger {
        var logger = about(file.job)
        logger[metadataKey: "file"] = "\(file.file.name)"
        logger[metadataKey: "attempt"] = .stringConvertible(file.attempt)
        return logger
    }
}
