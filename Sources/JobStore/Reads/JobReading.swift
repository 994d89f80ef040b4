import ExportCore
import Redis

extension JobStore {
    /// `nil` when there is no such job, or its record has expired.
    public func job(_ id: JobID) async throws(JobStoreError) -> Job? {
        try await jobs([id]).first
    }

    /// Those of the jobs that exist.
    public func jobs(_ ids: [JobID]) async throws(JobStoreError) -> [Job] {
        var jobs: [Job] = []
        for start in stride(from: 0, to: ids.count, by: 200) {
            let page = ids[start..<min(start + 200, ids.count)]
            for (id, reply) in zip(page, try await send("job", page.map { ["HGETALL", jobKey($0)] })) {
                if let job = Job(id, hash: try reply.hash, now: nil) { jobs.append(job) }
            }
        }
        return jobs
    }

    /// Empty when there is no such job, or its record has expired.
    public func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry] {
        let reply = try await send("history", [["HMGET", jobKey(id), "history", "checks", "progress", "createdAt"]])[0]
        guard let lines = try reply.element(0).optional else { return [] }
        guard let history = lines.value.text else { throw lines.unexpected }
        let entries = HistoryEntry.decode(history)
        guard let checks = try reply.element(1).optional?.string else { return entries }
        guard let progress = JobProgress(try reply.element(2).string), let last = progress.lastPollAt,
            let createdAt = Int64(try reply.element(3).string),
            let entry = HistoryEntry(checks: checks, attempts: progress.attempts, at: last - createdAt)
        else { throw reply.unexpected }
        return entries + [entry]
    }
}
