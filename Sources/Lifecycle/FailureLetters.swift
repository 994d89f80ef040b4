import ExportCore
import Foundation
import JobMessages
import JobStore
import Logging
import Telemetry

/// The dead letters of jobs and files that fail permanently. A letter is published before the failure is stored: while the broker does not
/// take it, job or file stay as they are, and their timers bring them back.
public struct FailureLetters: Sendable {
    private let store: JobStore
    private let office: DeadLetterOffice
    private let metrics: LifecycleMetrics
    private let repeated: RateLimitedLog

    public init(store: JobStore, office: DeadLetterOffice, metrics: LifecycleMetrics, logger: Logger) {
        self.store = store
        self.office = office
        self.metrics = metrics
        repeated = RateLimitedLog(logger)
    }

    /// - Returns: whether the failure may be stored.
    func publish(_ error: JobError, of claimed: ClaimedJob, failures: Int) async -> Bool {
        do {
            // The letter needs more of the request than a wake carries.
            guard let job = try await store.job(claimed.id), job.version == claimed.version else {
                metrics.staleJobs.increment()
                return false
            }
            let failed = try await store.history(of: job.id).filter { $0.what == "!" }
            try await office.publish(
                DeadLetter.failedJob(
                    job.request, error: error, attempts: max(failed.count, failures, 1),
                    firstFailure: failed.first.map { Self.date(job.createdAt + $0.at) }, lastFailure: Self.date(try await store.now())))
            metrics.deadJobs.increment()
            return true
        } catch {
            repeated.warning(
                key: "job", "a job does not fail yet because its dead letter was not published; its timer brings it back: \(error)",
                metadata: TransitionReporter.metadata(claimed))
            return false
        }
    }

    /// - Returns: whether the failure may be stored.
    func publish(_ failure: Failure, attempts: Int, of file: ClaimedFile) async -> Bool {
        let job = file.job
        do {
            let failed = try await store.history(of: job.id).filter { $0.what == "!" && $0.detail.hasPrefix("file \(file.index) ") }
            try await office.publish(
                DeadLetter.failedFile(
                    DownloadMessage(id: job.id, task: .file(file.index, token: nil), correlationID: job.request.correlationID),
                    request: job.request, failure: failure, attempts: attempts,
                    firstFailure: failed.first.map { Self.date(job.createdAt + $0.at) }, lastFailure: Self.date(try await store.now())))
            metrics.deadDownloads.increment()
            return true
        } catch {
            repeated.warning(
                key: "file", "a file is not given up yet because its dead letter was not published; its timer brings it back: \(error)",
                metadata: ["jobId": "\(job.id)"])
            return false
        }
    }

    private static func date(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
