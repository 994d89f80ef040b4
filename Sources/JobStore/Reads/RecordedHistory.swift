import ExportCore
import Redis

/// What a job's record holds of its history.
public struct RecordedHistory: Sendable, Equatable {
    /// Of everything before `lines`; empty while nothing has moved into the trail.
    public var summary: String
    public var lines: String
    /// Where the lines before `lines` are.
    public var before: TrailMark?

    /// - Parameters:
    ///   - text: the field `history`.
    ///   - checks: the field `checks`: what was checked after its last line.
    ///   - lastCheck: milliseconds from the job's creation to the last check.
    init(_ text: String, checks: String? = nil, lastCheck: Int64 = 0) {
        self.init(lines: text)
        if let checks { lines += "\(lastCheck) : \(checks)\n" }
    }

    private init(lines text: String) {
        let all = text.split(separator: "\n", omittingEmptySubsequences: true)
        guard let mark = all.firstIndex(where: { $0.split(separator: " ", maxSplits: 2).dropFirst().first == "=" }) else {
            (summary, lines) = ("", text)
            return
        }
        summary = all[..<mark].map { $0 + "\n" }.joined()
        lines = all[(mark + 1)...].map { $0 + "\n" }.joined()
        before = all[mark].split(separator: " ").last.flatMap { TrailMark($0) }
    }

    /// Of a job whose older lines have moved away, a summary comes first.
    public var entries: [HistoryEntry] { HistoryEntry.decode(summary) + HistoryEntry.decode(lines) }
}

extension JobStore {
    /// Empty when there is no such job, or its record has expired.
    public func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry] {
        try await recorded(id)?.history.entries ?? []
    }

    /// The job with what its record holds of its history, at one moment; `nil` when there is no such job, or its record has expired.
    public func recorded(_ id: JobID) async throws(JobStoreError) -> (job: Job, history: RecordedHistory)? {
        let reply = try await send("job", [["HGETALL", jobKey(id)]])[0]
        let hash = try reply.hash
        guard !hash.isEmpty, let history = hash["history"] else { return nil }
        guard let job = Job(id, hash: hash, now: nil) else { throw reply.unexpected }
        let lastCheck = (job.lastPollAt ?? job.createdAt) - job.createdAt
        return (job, RecordedHistory(history, checks: hash["checks"], lastCheck: lastCheck))
    }
}
