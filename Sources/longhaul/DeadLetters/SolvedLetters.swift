import ExportCore
import Foundation
import JobMessages
import JobStore

/// Tells which letters are solved: their work is done, or under way again.
struct SolvedLetters: Sendable {
    let store: JobStore

    /// What the store says about a letter's job.
    struct State: Sendable, Equatable {
        var status: JobStatus
        var isSolved: Bool
    }

    /// A letter is written before its job becomes FAILED. A letter younger than this may be ahead of its job.
    static let settling = Duration.seconds(5)

    /// In the order of the letters; `nil` if the letter names no job, the store does not know it, or it is another job with the same id.
    func states(of letters: [DeadLetterRecord]) async throws(JobStoreError) -> [State?] {
        let outlines = try await store.outlines(of: letters.compactMap(\.job))
        let now = Date()
        return letters.map { letter in
            // A webhook message is about the end of its job, not about the job.
            guard letter.queue != QueueNames.deadWebhooks, let job = letter.job, let outline = outlines[job] else { return nil }
            if letter.mayNameAnotherJob, !Self.isSame(letter, outline.request) { return nil }
            return State(status: outline.status, isSolved: Self.isSolved(letter, outline, now))
        }
    }

    func state(of letter: DeadLetterRecord) async throws(JobStoreError) -> State? { try await states(of: [letter])[0] }

    private static func isSolved(_ letter: DeadLetterRecord, _ job: JobOutline, _ now: Date) -> Bool {
        if job.status == .failed { return false }
        // The letters of skipped files are the only record of them (`onFileFailure: skip`).
        if letter.kind == .file, job.filesFailed > 0 { return false }
        if job.status.isFinal { return true }
        return letter.age(at: now).map { $0 >= settling } ?? true
    }

    private static func isSame(_ letter: DeadLetterRecord, _ request: JobRequest) -> Bool {
        // A message that cannot be decoded never became a job.
        guard !letter.isTruncated,
            let asked = try? JobMessage.decode(letter.body, JobMessage.Envelope(id: letter.properties.messageID.flatMap(JobID.init)))
        else { return false }
        return asked.id == request.id && asked.differences(from: request).isEmpty
    }
}
