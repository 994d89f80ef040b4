import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | priority | high, normal or low |
    /// | tenant | the tenant |
    /// | id | the job |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | joined | 1, or 0 when the job was in the line |
    static let lineUp = StoreScript("line_up", PackageResources.line_up_lua, arguments: "priority, tenant, id", reply: "joined")
}

extension JobStore {
    /// Puts a job into the download line, because it has listed files. The line is a hint: the job's own timer puts it there again.
    /// - Returns: whether it was not there yet.
    @discardableResult
    public func lineUp(_ job: JobRequest) async throws(JobStoreError) -> Bool {
        let reply = try await run(.lineUp, [.string(job.priority.rawValue), .string(job.tenant), .string(job.id.text)])
        return try reply.element("joined").integer == 1
    }

    /// How many jobs of each priority stand in the download line.
    public func downloadLine() async throws(JobStoreError) -> [JobPriority: Int] {
        let fields = JobPriority.allCases.map { RedisArgument.string("jobs:\($0.rawValue)") }
        let reply = try await send("download line", [["HMGET", Keys.downloads(.turns)] + fields])[0]
        var line: [JobPriority: Int] = [:]
        for (priority, element) in zip(JobPriority.allCases, try reply.elements) {
            line[priority] = Int(try element.optional?.string ?? "0") ?? 0
        }
        return line
    }

    func run(_ script: StoreScript, _ arguments: [RedisArgument]) async throws(JobStoreError) -> Reply {
        try await redis.run(script, key: Keys.downloads(.turns), arguments)
    }
}
