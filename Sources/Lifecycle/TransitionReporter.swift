import ExportCore
import JobStore
import Logging
import Telemetry

/// Turns what was stored into metrics and log lines. Nothing else in the program does: a line about a job is always the consequence of
/// a stored change, never of an intention.
public struct TransitionReporter: Sendable {
    public let metrics: LifecycleMetrics
    let logger: Logger
    /// While a server is away, every job in progress meets the same error.
    let repeated: RateLimitedLog

    public init(metrics: LifecycleMetrics = LifecycleMetrics(), logger: Logger) {
        self.metrics = metrics
        self.logger = logger
        repeated = RateLimitedLog(logger)
    }

    /// A new job was stored.
    public func admitted(_ request: JobRequest) {
        metrics.countAdmission(request.provider)
        logger.info("job admitted", metadata: Self.metadata(request, .pending))
    }

    /// A change of a job is stored. A status that stays is worth a line only when a step failed.
    /// - Parameter times: if the status is another one.
    func stored(_ change: JobChange, _ times: StatusTimes?) {
        let (before, after) = (change.job.state.status, change.decision.state.status)
        guard before != after else {
            if change.isFailure { reportRetry(change) }
            return
        }
        metrics.count(change, times)
        var metadata = Self.metadata(change.job.request, after)
        if let error = change.decision.error {
            metadata["errorCode"] = "\(error.code)"
            logger.error("job failed: \(error.message)", metadata: metadata)
        } else {
            let detail = change.detail.isEmpty ? "" : ": \(change.detail)"
            logger.info("job is \(after.rawValue)\(detail)", metadata: metadata)
        }
    }

    /// While a provider is throttled or held, every job of it meets the same: its lines are bounded.
    private func reportRetry(_ change: JobChange) {
        let delay: Duration = if case .after(let delay) = change.decision.timer { delay } else { .zero }
        let seconds = (delay / .milliseconds(100)).rounded() / 10
        let text = "retry in \(seconds) s: \(change.answer ?? change.detail)"
        guard change.decision.state.deferredFor != nil else { return logger.notice("\(text)", metadata: Self.metadata(change.job)) }
        repeated.log(.notice, key: "\(change.job.request.provider) \(change.detail)", "\(text)", metadata: Self.metadata(change.job))
    }

    public static func metadata(_ job: ClaimedJob) -> Logger.Metadata {
        var metadata = metadata(job.request, job.state.status)
        // Of the step that is repeated; the first one says nothing.
        if job.state.failures > 0 { metadata["attempt"] = .stringConvertible(job.state.failures + 1) }
        return metadata
    }

    static func metadata(_ request: JobRequest, _ status: JobStatus) -> Logger.Metadata {
        [
            "jobId": .string(request.id.text), "correlationId": .string(request.correlationID), "provider": .string(request.provider),
            "tenant": .string(request.tenant), "status": .string(status.rawValue),
        ]
    }
}
