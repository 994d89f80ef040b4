import ExportCore
import Redis

/// What tells whether a job needs something: a read that stays cheap for tens of thousands of jobs.
public struct JobOutline: Sendable, Equatable {
    public var request: JobRequest
    public var status: JobStatus
    /// Files that were given up.
    public var filesFailed: Int
}

extension JobStore {
    /// Those of the jobs that exist, by id.
    public func outlines(of ids: some Sequence<JobID>) async throws(JobStoreError) -> [JobID: JobOutline] {
        let ids = Array(Set(ids))
        var outlines: [JobID: JobOutline] = [:]
        for start in stride(from: 0, to: ids.count, by: 500) {
            let page = ids[start..<min(start + 500, ids.count)]
            let fields: [RedisArgument] = ["status", "filesFailed", "request", "priority", "webhook"]
            for (id, reply) in zip(page, try await send("outline", page.map { ["HMGET", jobKey($0)] + fields })) {
                outlines[id] = try Self.outline(id, try reply.elements.map { (field) throws(JobStoreError) in try field.optional?.string })
            }
        }
        return outlines
    }

    private static func outline(_ id: JobID, _ fields: [String?]) throws(JobStoreError) -> JobOutline? {
        guard fields.count == 5, let status = fields[0].flatMap(JobStatus.init(rawValue:)), let packed = fields[2],
            let request = JobRequest(
                id: id, packed: packed, priority: fields[3].flatMap(JobPriority.init(rawValue:)) ?? .normal, webhook: fields[4],
                traceparent: nil)
        else { return nil }
        return JobOutline(request: request, status: status, filesFailed: fields[1].flatMap { Int($0) } ?? 0)
    }
}
