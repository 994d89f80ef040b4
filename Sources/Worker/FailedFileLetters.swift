import ExportCore
import Foundation
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Telemetry

/// Puts a dead letter away for each file that is given up, before the store is told: at worst there are two, never none.
struct FailedFileLetters: Sendable {
    let publisher: Publisher
    let store: JobStore
    let metrics: WorkerMetrics
    let repeated: RateLimitedLog

    /// - Returns: whether the letter is safe.
    func publish(_ claimed: ClaimedFile, _ failure: Failure, attempts: Int) async -> Bool {
        let job = claimed.job
        do {
            let failures = try await store.history(of: job.id).filter { $0.what == "!" && $0.detail.hasPrefix("file \(claimed.index) ") }
            let letter = DeadLetter.failedFile(
                DownloadMessage(id: job.id, task: .file(claimed.index), correlationID: job.correlationID), job: job, failure: failure,
                attempts: attempts,
                firstFailure: failures.first.map { Date(timeIntervalSince1970: Double(job.createdAt + $0.at) / 1000) },
                lastFailure: Date(timeIntervalSince1970: Double(try await store.now()) / 1000))
            guard try await publisher.publish(letter) == .confirmed else {
                repeated.warning(
                    key: "refused", "\(QueueNames.deadDownloads) does not take a dead letter; is it declared? (`longhaul setup`)")
                return false
            }
            metrics.deadLetters.increment()
            return true
        } catch {
            repeated.warning(
                key: "unpublished",
                "a file is not given up yet, since its dead letter was not published; its lease brings it back: \(error)",
                metadata: ["jobId": "\(job.id)"])
            return false
        }
    }
}
