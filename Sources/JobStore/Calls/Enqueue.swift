import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | priority | high, normal or low |
    /// | tenant | the tenant |
    /// | since | since when the job waits, ms of the store's clock |
    /// | id | the job |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | queued | the number of jobs |
    static let enqueue = StoreScript(
        "enqueue", PackageResources.enqueue_lua, arguments: "each: priority, tenant, since, id", reply: "queued")
}

/// An entry of a provider's waiting list. It is no `JobRequest`, because a claim that puts a job back must not read its parameters.
public struct WaitingJob: Sendable, Equatable {
    public var id: JobID
    public var provider: String
    public var priority: JobPriority
    public var tenant: String
    /// Since when the job waits, in milliseconds of the store's clock.
    public var since: Int64

    public init(id: JobID, provider: String, priority: JobPriority, tenant: String, since: Int64) {
        self.id = id
        self.provider = provider
        self.priority = priority
        self.tenant = tenant
        self.since = since
    }

    init(_ request: JobRequest, since: Int64) {
        self.init(id: request.id, provider: request.provider, priority: request.priority, tenant: request.tenant, since: since)
    }
}

extension JobStore {
    /// Puts jobs into the waiting lists of their providers. The lists are hints: each job's own timer puts it there again.
    public func enqueue(_ jobs: [WaitingJob]) async throws(JobStoreError) {
        for (provider, members) in Dictionary(grouping: jobs, by: \.provider) {
            var arguments: [RedisArgument] = []
            arguments.reserveCapacity(4 * members.count)
            for job in members {
                arguments.append(.string(job.priority.rawValue))
                arguments.append(.string(job.tenant))
                arguments.append(.integer(job.since))
                arguments.append(.string(job.id.text))
            }
            _ = try await run(.enqueue, provider: provider, arguments)
        }
    }
}
