import ExportCore
import Redis

/// How many jobs have each status.
public typealias StatusCounts = [JobStatus: Int]

extension JobStore {
    /// `nil` when there is no such job (any more).
    public func job(_ id: JobID) async throws(JobStoreError) -> ExportJob? {
        try await jobs([id]).first
    }

    /// Those of the jobs that exist.
    public func jobs(_ ids: [JobID]) async throws(JobStoreError) -> [ExportJob] {
        guard !ids.isEmpty else { return [] }
        let commands = ids.map { id -> [RedisArgument] in ["HGETALL", .string(Self.tag(partition(of: id)) + "job:" + id.text)] }
        var jobs: [ExportJob] = []
        for value in try await send("job", commands) {
            if let job = ExportJob(fields: try Answer(value: value, attempted: "job").fields, now: nil) { jobs.append(job) }
        }
        return jobs
    }

    public func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry] {
        let key = Self.tag(partition(of: id)) + "history:" + id.text
        let answer = Answer(value: try await send("history", [["GET", .string(key)]])[0], attempted: "history")
        if case .null = answer.value { return [] }
        return HistoryEntry.decode(try answer.string)
    }

    public func counts() async throws(JobStoreError) -> StatusCounts {
        let commands = (0..<partitions).map { partition -> [RedisArgument] in ["HGETALL", .string(Self.tag(partition) + "counts")] }
        var counts: StatusCounts = [:]
        for status in JobStatus.allCases { counts[status] = 0 }
        for value in try await send("counts", commands) {
            for (name, count) in try Answer(value: value, attempted: "counts").fields {
                guard let status = JobStatus(rawValue: name), let count = Int(count) else { continue }
                counts[status, default: 0] += count
            }
        }
        return counts
    }

    /// The jobs of a status that changed to it last, newest first.
    public func latest(_ status: JobStatus, limit: Int) async throws(JobStoreError) -> [ExportJob] {
        guard limit > 0 else { return [] }
        let commands = (0..<partitions).map { partition -> [RedisArgument] in
            ["ZRANGE", .string(Self.tag(partition) + "status:\(status.rawValue)"), 0, .integer(Int64(limit - 1)), "REV", "WITHSCORES"]
        }
        var found: [(at: Double, id: JobID)] = []
        for value in try await send("latest", commands) {
            let answer = Answer(value: value, attempted: "latest")
            for index in stride(from: 0, to: try answer.array.count, by: 2) {
                guard let id = JobID(try answer.element(index).string), let at = Double(try answer.element(index + 1).string) else {
                    continue
                }
                found.append((at, id))
            }
        }
        found.sort { $0.at > $1.at }
        var latest: [ExportJob] = []
        let ids = found.prefix(limit).map(\.id)
        for start in stride(from: 0, to: ids.count, by: 200) { latest += try await jobs(Array(ids[start..<min(start + 200, ids.count)])) }
        return latest
    }

    /// How overdue the oldest timer is; zero when none is.
    public func oldestOverdue() async throws(JobStoreError) -> Duration {
        var commands: [[RedisArgument]] = [["TIME"]]
        for partition in 0..<partitions { commands.append(["ZRANGE", Self.dueKey(partition), 0, 0, "WITHSCORES"]) }
        let answers = try await send("oldest overdue", commands)
        let time = Answer(value: answers[0], attempted: "time")
        guard let seconds = Int64(try time.element(0).string), let micros = Int64(try time.element(1).string) else { throw time.unexpected }
        let now = seconds * 1000 + micros / 1000
        var oldest = now
        for value in answers.dropFirst() {
            let answer = Answer(value: value, attempted: "oldest overdue")
            guard try answer.array.count == 2, let due = Double(try answer.element(1).string) else { continue }
            oldest = min(oldest, Int64(due))
        }
        return .milliseconds(now - oldest)
    }
}
