import ExportCore
import Foundation
import JobMessages
import JobStore
import RabbitMQ

/// Puts the work of dead letters back.
///
/// A letter is removed only after its work is back, and putting back twice does what putting back once does: a job that is not FAILED
/// any more is left alone, and a message that comes twice names the same job. So a redrive may be interrupted anywhere and repeated.
struct Redrive: Sendable {
    let store: JobStore
    let publisher: Publisher

    /// What becomes of a letter's work.
    enum Outcome: Sendable, Equatable {
        /// The job goes on, in this status.
        case retried(JobStatus)
        /// The job is not FAILED: there is nothing to bring back.
        case inOrder(JobStatus)
        /// The message is in this queue again.
        case published(String)
        /// There is nothing that could be brought back; the letter stays.
        case left(String)
    }

    /// A letter is written before its job becomes FAILED. Younger than this, it may be ahead of its job.
    private static let settling = Duration.seconds(5)

    func putBack(_ letter: DeadLetterRecord) async throws -> Outcome {
        guard let job = Self.job(of: letter) else { return try await publish(letter) }
        var outcome = try await store.retry(job)
        if case .notFailed(let status) = outcome, !status.isFinal, let age = letter.age(at: Date()), age < Self.settling {
            try await Task.sleep(for: Self.settling - age)
            outcome = try await store.retry(job)
        }
        switch outcome {
        case .retried(let status): return .retried(status)
        case .notFailed(let status): return try await unneeded(letter, job, status)
        case .unknown: return try await forgotten(letter, publish)
        }
    }

    /// What `putBack` would do now.
    func foresee(_ letter: DeadLetterRecord) async throws -> Outcome {
        guard let id = Self.job(of: letter) else { return Self.publication(letter) }
        guard let job = try await store.job(id) else { return try await forgotten(letter, Self.publication) }
        return job.state.status == .failed ? .retried(.failed) : try await unneeded(letter, id, job.state.status)
    }

    /// A job that is not FAILED is in order, but for files that it goes on without: their letters are all that tells of them.
    private func unneeded(_ letter: DeadLetterRecord, _ id: JobID, _ status: JobStatus) async throws -> Outcome {
        guard letter.kind == .file, let job = try await store.job(id), job.state.filesFailed > 0 else { return .inOrder(status) }
        return .left("its job is \(status.rawValue) and goes on without the file (onFileFailure: skip)")
    }

    /// The job that a letter is about. A message that could not be handled never became one, whatever name it bears.
    private static func job(of letter: DeadLetterRecord) -> JobID? { letter.kind == .message ? nil : letter.job }

    private func forgotten(
        _ letter: DeadLetterRecord, _ publish: (DeadLetterRecord) async throws -> Outcome
    ) async throws -> Outcome {
        guard letter.queue == QueueNames.deadJobs else {
            return .left("the store does not know the job any more, and a file alone cannot be brought back")
        }
        guard letter.kind == .broker || letter.holdsJobMessage else {
            return .left("the store does not know the job any more, and the letter holds no job message")
        }
        return try await publish(letter)
    }

    private static func publication(_ letter: DeadLetterRecord) -> Outcome {
        letter.isTruncated ? .left("only the beginning of the message is kept here") : .published(letter.redriveQueue)
    }

    private func publish(_ letter: DeadLetterRecord) async throws -> Outcome {
        let outcome = Self.publication(letter)
        guard case .published(let queue) = outcome else { return outcome }
        do {
            switch try await publisher.publish(letter.redriven) {
            case .confirmed: return outcome
            case .nacked: throw Problem.unavailable("\(queue) takes no message just now; is it full?")
            case .returned: throw Problem.unavailable("there is no queue \(queue); `longhaul setup` declares it")
            }
        } catch let error as RabbitMQError where error.kind == .invalidMessage {
            return .left("the message cannot be published as it is: \(error.cause)")
        }
    }
}
