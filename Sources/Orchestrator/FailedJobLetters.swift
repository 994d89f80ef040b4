import ExportCore
import Foundation
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Telemetry

/// Puts a dead letter away for each job that fails, before the job's end is stored: at worst there are two, never none. While the
/// broker does not take it, the job stays as it is, and its lease brings it back.
struct FailedJobLetters: Sendable {
    let store: JobStore
    let publisher: Publisher
    let metrics: OrchestratorMetrics
    let repeated: RateLimitedLog

    /// - Returns: whether the decision may be stored.
    func publish(_ decision: Decision, _ subject: DecisionRecorder.Subject) async -> Bool {
        // Who cancels a job knows it.
        guard let error = decision.error, error.code != "cancelled" else { return true }
        do {
            guard let job = try await store.job(subject.id), job.version == subject.version else {
                metrics.wakesStale.increment()
                return false
            }
            let failures = try await store.history(of: job.id).filter { $0.what == "!" }
            let letter = DeadLetter.failedJob(
                job, error: error, attempts: max(failures.count, decision.state.failures, 1),
                firstFailure: failures.first.map { Date(timeIntervalSince1970: Double(job.createdAt + $0.at) / 1000) },
                lastFailure: Date(timeIntervalSince1970: Double(try await store.now()) / 1000))
            guard try await publisher.publish(letter) == .confirmed else {
                repeated.warning(key: "refused", "\(QueueNames.deadJobs) does not take a dead letter; is it declared? (`longhaul setup`)")
                return false
            }
            metrics.deadLetters.increment()
            return true
        } catch {
            repeated.warning(
                key: "unpublished", "a job does not fail yet, since its dead letter was not published; its lease brings it back: \(error)",
                metadata: DecisionRecorder.metadata(subject))
            return false
        }
    }
}
