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
}
