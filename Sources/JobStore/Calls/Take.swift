import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | limit | the most jobs |
    /// | createsPerSecond | 0: no limit |
    /// | burst | creates that may start at once |
    /// | inFlight | the most exports in flight; 0: no limit |
    /// | tenantPerSecond | the rate of creates of each tenant; 0: no limit |
    /// | tenantBurst | creates of a tenant that may start at once |
    /// | tenantInFlight | the most exports of each tenant in flight; 0: no limit |
    /// | lease | ms after which a taken job that was not settled is given out again |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | wait | ms until it is worth asking again; 0: more may wait; -1: nothing waits |
    /// | entry | priority, tenant and id, separated by tabs |
    /// | since | since when the job waits |
    static let take = StoreScript(
        "take", PackageResources.take_lua,
        arguments: "limit, createsPerSecond, burst, inFlight, tenantPerSecond, tenantBurst, tenantInFlight, lease",
        reply: "wait; each: entry, since")
}

/// How fast, and how many at a time, a provider's exports may be created.
public struct StartLimits: Sendable, Equatable {
    public var creates: Rate?
    /// The most exports that the provider works on at a time.
    public var inFlight: Int?
    /// The same for each tenant.
    public var tenantCreates: Rate?
    public var tenantInFlight: Int?

    public init(creates: Rate? = nil, inFlight: Int? = nil, tenantCreates: Rate? = nil, tenantInFlight: Int? = nil) {
        (self.creates, self.inFlight, self.tenantCreates, self.tenantInFlight) = (creates, inFlight, tenantCreates, tenantInFlight)
    }

    /// Whether exports have places, which are counted.
    public var countsPlaces: Bool { inFlight != nil || tenantInFlight != nil }

    var createsPerSecond: RedisArgument { .string("\(creates?.perSecond ?? 0)") }
}

/// Jobs that were taken from a provider's waiting lists.
public struct TakenJobs: Sendable, Equatable {
    public var jobs: [WaitingJob]
    /// When to ask again; zero when more may wait, `nil` when nothing waits.
    public var wait: Duration?

    public var ids: [JobID] { jobs.map(\.id) }
}

extension JobStore {
    /// Takes up to `limit` jobs of a provider, by priority and fairly between tenants, within the limits. The caller then claims them by
    /// `start` and calls `settle`. A job that is not settled within the lease is given out again.
    public func take(
        from provider: String, limit: Int, limits: StartLimits, lease: Duration = .seconds(30)
    ) async throws(JobStoreError) -> TakenJobs {
        let reply = try await run(
            .take, provider: provider,
            [
                .integer(Int64(limit)), limits.createsPerSecond, .integer(Int64(limits.creates?.allowance ?? 0)),
                .integer(Int64(limits.inFlight ?? 0)), .string("\(limits.tenantCreates?.perSecond ?? 0)"),
                .integer(Int64(limits.tenantCreates?.allowance ?? 0)), .integer(Int64(limits.tenantInFlight ?? 0)),
                .integer(lease.milliseconds),
            ])
        let wait = try reply.element("wait").integer
        var jobs: [WaitingJob] = []
        for item in try reply.items {
            let entry = try Reply(item[item.startIndex], "take").string, since = item[item.startIndex + 1].int
            guard let job = WaitingJob(entry: entry, of: provider, since: since ?? 0) else { throw reply.unexpected }
            jobs.append(job)
        }
        return TakenJobs(jobs: jobs, wait: wait < 0 ? nil : .milliseconds(wait))
    }
}

extension WaitingJob {
    /// What the store remembers of a taken job: priority, tenant and id, separated by tabs.
    var entry: String { "\(priority.rawValue)\t\(tenant)\t\(id.text)" }

    init?(entry: String, of provider: String, since: Int64) {
        guard let first = entry.firstIndex(of: "\t"), let last = entry.lastIndex(of: "\t"), first < last,
            let priority = JobPriority(rawValue: String(entry[..<first])), let id = JobID(String(entry[entry.index(after: last)...]))
        else { return nil }
        self.init(
            id: id, provider: provider, priority: priority, tenant: String(entry[entry.index(after: first)..<last]), since: since)
    }
}
