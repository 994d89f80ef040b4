import ExportCore
import Foundation
import JobMessages
import JobStore
import Lifecycle
import RabbitMQ

/// Restores the work of dead letters.
///
/// A letter is removed only after its work is restored. A second redrive changes nothing: a job that is no longer FAILED is skipped, and
/// a message that arrives twice names the same job. A redrive can therefore be interrupted anywhere and repeated.
struct Redrive: Sendable {
    let store: JobStore
    let interpreter: JobInterpreter
    let publisher: Publisher

    /// The outcome for a letter's work.
    enum Outcome: Sendable, Equatable {
        /// The job continues with this status.
        case retried(JobStatus)
        /// The job has completed or runs again, so there is nothing to restore.
        case solved(JobStatus)
        /// The message is in this queue again.
        case published(String)
        /// The webhook message is sent again.
        case resent
        /// There is nothing to restore; the letter stays.
        case left(String)
    }

    func putBack(_ letter: DeadLetterRecord) async throws -> Outcome {
        if letter.queue == QueueNames.deadWebhooks { return try await resend(letter) { _ = try await store.restore($0) } }
        guard let job = try await job(of: letter) else {
            if let solution = try await solution(letter) { return solution }
            return try await publish(letter)
        }
        var outcome = try await interpreter.retry(job, by: Operator.name)
        if case .notFailed(let status) = outcome, !status.isFinal, let age = letter.age(at: Date()), age < SolvedLetters.settling {
            try await Task.sleep(for: SolvedLetters.settling - age)
            outcome = try await interpreter.retry(job, by: Operator.name)
        }
        switch outcome {
        case .retried(let status): return .retried(status)
        case .notFailed(let status): return try await unneeded(letter, job, status)
        case .unknown: return try await forgotten(letter, publish)
        }
    }

    /// The outcome that `putBack` would have now.
    func foresee(_ letter: DeadLetterRecord) async throws -> Outcome {
        if letter.queue == QueueNames.deadWebhooks { return try await resend(letter) { _ in } }
        guard let id = try await job(of: letter) else { return try await solution(letter) ?? Self.publication(letter) }
        guard let job = try await store.job(id) else { return try await forgotten(letter, Self.publication) }
        return job.state.status == .failed ? .retried(.failed) : try await unneeded(letter, id, job.state.status)
    }

    private func resend(_ letter: DeadLetterRecord, _ restore: (WebhookMessage) async throws -> Void) async throws -> Outcome {
        guard !letter.isTruncated, let message = WebhookLetter.message(letter.body) else {
            return .left("the letter contains no webhook message")
        }
        try await restore(message)
        return .resent
    }

    /// A message whose job was submitted again is not sent a second time.
    private func solution(_ letter: DeadLetterRecord) async throws -> Outcome? {
        guard let state = try await SolvedLetters(store: store).state(of: letter), state.isSolved else { return nil }
        return .solved(state.status)
    }

    /// A job that is not FAILED needs nothing, unless it skipped files: their letters are the only record of them.
    private func unneeded(_ letter: DeadLetterRecord, _ id: JobID, _ status: JobStatus) async throws -> Outcome {
        guard letter.kind == .file, let job = try await store.job(id), job.state.filesFailed > 0 else { return .solved(status) }
        return .left("its job is \(status.rawValue) and continues without the file (onFileFailure: skip)")
    }

    /// The job of a letter. A message that could not be handled never became a job, whatever id it carries; one that the broker
    /// dead-lettered is the job's own only if the job asks for the same.
    private func job(of letter: DeadLetterRecord) async throws -> JobID? {
        if letter.kind == .message { return nil }
        guard letter.mayNameAnotherJob else { return letter.job }
        return try await SolvedLetters(store: store).state(of: letter) == nil ? nil : letter.job
    }

    private func forgotten(
        _ letter: DeadLetterRecord, _ publish: (DeadLetterRecord) async throws -> Outcome
    ) async throws -> Outcome {
        guard letter.queue == QueueNames.deadJobs else {
            return .left("the job is no longer in the store, and a file cannot be restored without its job")
        }
        guard letter.kind == .broker || letter.holdsJobMessage else {
            return .left("the job is no longer in the store, and the letter contains no job message")
        }
        return try await publish(letter)
    }

    private static func publication(_ letter: DeadLetterRecord) -> Outcome {
        letter.isTruncated ? .left("the letter contains only the start of the message") : .published(letter.redriveQueue)
    }

    private func publish(_ letter: DeadLetterRecord) async throws -> Outcome {
        let outcome = Self.publication(letter)
        guard case .published(let queue) = outcome else { return outcome }
        do {
            switch try await publisher.publish(letter.redriven) {
            case .confirmed: return outcome
            case .nacked: throw Problem.unavailable("\(queue) refused the message; check whether it is full (`longhaul doctor`)")
            case .returned: throw Problem.unavailable("the queue \(queue) does not exist; run `longhaul setup`")
            }
        } catch let error as RabbitMQError where error.kind == .invalidMessage {
            return .left("the message cannot be published unchanged: \(error.cause)")
        }
    }
}
