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
        var jobs: [ExportJob] = []
        for start in stride(from: 0, to: ids.count, by: 200) {
            let page = ids[start..<min(start + 200, ids.count)]
            let commands = page.map { id -> [RedisArgument] in ["HGETALL", .string(Self.tag(partition(of: id)) + "job:" + id.text)] }
            for (id, value) in zip(page, try await send("job", commands)) {
                if let job = ExportJob(id, fields: try Answer(value: value, attempted: "job").fields, now: nil) { jobs.append(job) }
            }
        }
        return jobs
    }

    /// Empty when there is no such job (any more).
    public func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry] {
        let key = Self.tag(partition(of: id)) + "job:" + id.text
        let command: [RedisArgument] = ["HMGET", .string(key), "history", "checks", "progress", "createdAt"]
        let answer = Answer(value: try await send("history", [command])[0], attempted: "history")
        guard let lines = try answer.element(0).optional else { return [] }
        guard let history = lines.value.text else { throw lines.unexpected }
        let entries = HistoryEntry.decode(history)
        guard let checks = try answer.element(1).optional?.string else { return entries }
        guard let progress = JobProgress(try answer.element(2).string), let last = progress.lastPollAt,
            let createdAt = Int64(try answer.element(3).string),
            let entry = HistoryEntry(checks: checks, attempts: progress.attempts, at: last - createdAt)
        else { throw answer.unexpected }
        return entries + [entry]
    }

    public func counts() async throws(JobStoreError) -> StatusCounts {
        let places = (0..<partitions).flatMap { partition in JobStatus.allCases.map { (tag: Self.tag(partition), status: $0) } }
        let commands = places.map { tag, status -> [RedisArgument] in
            status == .polling
                ? ["HGET", .string(tag + "counts"), .string(status.rawValue)] : ["ZCARD", .string(tag + "status:\(status.rawValue)")]
        }
        var counts: StatusCounts = [:]
        for (place, value) in zip(places, try await send("counts", commands)) {
            let answer = Answer(value: value, attempted: "counts")
            let count = place.status == .polling ? Int(try answer.optional?.string ?? "0") : Int(try answer.integer)
            guard let count else { throw answer.unexpected }
            counts[place.status, default: 0] += count
        }
        return counts
    }

    /// Up to `limit` jobs of a status: those that changed to it last, newest first; the POLLING ones by their next check, soonest first.
    public func list(_ status: JobStatus, limit: Int) async throws(JobStoreError) -> [ExportJob] {
        guard limit > 0 else { return [] }
        if status == .polling { return try await listPolling(limit: limit) }
        let commands = (0..<partitions).map { partition -> [RedisArgument] in
            ["ZRANGE", .string(Self.tag(partition) + "status:\(status.rawValue)"), 0, .integer(Int64(limit - 1)), "REV", "WITHSCORES"]
        }
        let newest = try await Self.ranked(send("list", commands)).sorted { $0.score > $1.score }
        return try await jobs(newest.prefix(limit).map(\.id))
    }

    /// The store's clock, in milliseconds.
    public func now() async throws(JobStoreError) -> Int64 {
        try Self.milliseconds(Answer(value: try await send("time", [["TIME"]])[0], attempted: "time"))
    }

    /// A page of the failed jobs of a partition, in the order in which they failed.
    /// - Parameter until: those that failed later are left out.
    /// - Returns: how many the index holds there, and those that still exist.
    public func failed(
        in partition: Int, until: Int64, skipping: Int, limit: Int
    ) async throws(JobStoreError) -> (found: Int, jobs: [ExportJob]) {
        let key = RedisArgument.string(Self.tag(partition) + "status:\(JobStatus.failed.rawValue)")
        let answer = try await send(
            "failed", [["ZRANGE", key, "-inf", .integer(until), "BYSCORE", "LIMIT", .integer(Int64(skipping)), .integer(Int64(limit))]])[0]
        var ids: [JobID] = []
        for element in try Answer(value: answer, attempted: "failed").array {
            if let id = JobID(try Answer(value: element, attempted: "failed").string) { ids.append(id) }
        }
        return (ids.count, try await jobs(ids).filter { $0.state.status == .failed })
    }

    /// POLLING has no index of its own: the due set holds its jobs, among those of other statuses.
    private func listPolling(limit: Int) async throws(JobStoreError) -> [ExportJob] {
        var found: [ExportJob] = []
        var start: Int64 = 0
        while found.count < limit {
            let page: Int64 = 200
            let commands = (0..<partitions).map { partition -> [RedisArgument] in
                ["ZRANGE", Self.dueKey(partition), .integer(start), .integer(start + page - 1), "WITHSCORES"]
            }
            let answers = try await send("list", commands)
            if answers.allSatisfy({ $0.elements?.isEmpty ?? true }) { break }
            let soonest = try Self.ranked(answers).sorted { $0.score < $1.score }
            found += try await jobs(soonest.map(\.id)).filter { $0.state.status == .polling }
            start += page
        }
        return Array(found.prefix(limit))
    }

    /// Jobs and scores of sorted sets; the timers of files stay out.
    private static func ranked(_ values: [RESPValue]) throws(JobStoreError) -> [(score: Double, id: JobID)] {
        var found: [(score: Double, id: JobID)] = []
        for value in values {
            let answer = Answer(value: value, attempted: "list")
            for index in stride(from: 0, to: try answer.array.count, by: 2) {
                guard let id = JobID(try answer.element(index).string), let score = Double(try answer.element(index + 1).string) else {
                    continue
                }
                found.append((score, id))
            }
        }
        return found
    }

    /// How overdue the oldest timer is; zero when none is.
    public func oldestOverdue() async throws(JobStoreError) -> Duration {
        let outlooks = try await outlook(on: Array(0..<partitions))
        return outlooks.values.compactMap(\.untilNext).min().map { max(.zero - $0, .zero) } ?? .zero
    }
}
