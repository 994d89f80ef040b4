import ExportCore
import Foundation
import JobMessages

/// Looks for jobs that never reached the store among the dead letters of job messages.
struct RefusedJobs {
    struct Found {
        var letters: [JobID: DeadLetterRecord] = [:]
        /// Whether the queue holds more letters than were read.
        var isPartial = false
    }

    private let scan: LetterScan

    /// A bound on what one look costs; on two cores it takes about two seconds.
    static let limit = 20_000

    init(_ settings: Settings) throws { scan = try LetterScan(settings, queues: [LetterQueue.jobs.name]) }

    /// - Returns: for each job its last letter that `isMeant`.
    func letters(of jobs: Set<JobID>, where isMeant: (DeadLetterRecord) -> Bool = { _ in true }) async throws -> Found {
        var found = Found()
        var seen = 0
        try await scan.forEach { letter in
            seen += 1
            let record = letter.record
            if let id = record.job, jobs.contains(id), isMeant(record) {
                let before = found.letters[id]?.lastFailure ?? .distantPast
                if (record.lastFailure ?? .distantPast) >= before { found.letters[id] = record }
            }
            found.isPartial = seen >= Self.limit
            return !found.isPartial
        }
        return found
    }
}
