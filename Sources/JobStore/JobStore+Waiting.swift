import ExportCore
import Redis

/// A job that waits for the creation of its export, as its provider's waiting list knows it.
public struct WaitingJob: Sendable, Equatable {
    public var id: JobID
    public var provider: String
    public var priority: JobPriority
    public var tenant: String
    /// Milliseconds of Redis's clock.
    public var createdAt: Int64

    public init(id: JobID, provider: String, priority: JobPriority, tenant: String, createdAt: Int64) {
        self.id = id
        self.provider = provider
        self.priority = priority
        self.tenant = tenant
        self.createdAt = createdAt
    }
}

/// How fast, and how many at a time, a provider's exports may be created.
public struct StartLimits: Sendable, Equatable {
    public var creates: Rate?
    /// Exports that the provider works on at a time.
    public var inFlight: Int?

    public init(creates: Rate? = nil, inFlight: Int? = nil) {
        self.creates = creates
        self.inFlight = inFlight
    }
}

/// A job that was taken from a waiting list.
public struct TakenJob: Sendable, Equatable {
    public var id: JobID
    /// Priority, tenant and name, separated by tabs, as the store remembers it until it is settled.
    let entry: String
}

/// What was taken from a provider's waiting lists.
public struct TakenJobs: Sendable, Equatable {
    public var jobs: [TakenJob]
    /// When to ask again; zero when more may wait, `nil` when nothing waits.
    public var wait: Duration?

    public var ids: [JobID] { jobs.map(\.id) }
}

extension JobStore {
    static func providerTag(_ provider: String) -> String { "{lh:p:\(provider)}:" }

    /// Puts jobs into the waiting lists of their providers. The lists are hints: each job's own timer puts it there again.
    public func enqueue(_ jobs: [WaitingJob]) async throws(JobStoreError) {
        for (provider, members) in Dictionary(grouping: jobs, by: \.provider) {
            var arguments: [RedisArgument] = []
            for job in members {
                arguments += [.string(job.priority.rawValue), .string(job.tenant), .integer(job.createdAt), .string(job.id.text)]
            }
            _ = try await run(StoreScript.enqueue, provider: provider, arguments)
        }
    }

    /// Takes up to `limit` jobs of a provider, by priority and fairly between tenants, within the limits. They are to be claimed next
    /// by `start` and then settled; what somebody took longer ago than a lease without settling it is given out again.
    public func take(
        from provider: String, limit: Int, limits: StartLimits, lease: Duration = .seconds(30)
    ) async throws(JobStoreError) -> TakenJobs {
        let value = try await run(
            StoreScript.take, provider: provider,
            [
                .integer(Int64(limit)), .string("\(limits.creates?.perSecond ?? 0)"), .integer(Int64(limits.creates?.allowance ?? 0)),
                .integer(Int64(limits.inFlight ?? 0)), .integer(lease.milliseconds),
            ])
        let answer = Answer(value: value, attempted: "take")
        let wait = try answer.element(0).integer
        var jobs: [TakenJob] = []
        for element in try answer.array.dropFirst() {
            let entry = try Answer(value: element, attempted: "take").string
            if let id = entry.split(separator: "\t").last.flatMap({ JobID(String($0)) }) { jobs.append(TakenJob(id: id, entry: entry)) }
        }
        return TakenJobs(jobs: jobs, wait: wait < 0 ? nil : .milliseconds(wait))
    }

    /// Ends the taking of jobs: those that were not started give back their permits, and their places where no export of theirs runs.
    public func settle(
        _ taken: [TakenJob], started: Set<JobID>, from provider: String, limits: StartLimits
    ) async throws(JobStoreError) {
        let left = taken.filter { !started.contains($0.id) }.map(\.id)
        let idle = limits.inFlight == nil || left.isEmpty ? [] : try await idle(among: left)
        _ = try await run(
            StoreScript.settle, provider: provider,
            [.string("\(limits.creates?.perSecond ?? 0)"), .integer(Int64(left.count)), .integer(Int64(taken.count))]
                + taken.map { .string($0.entry) } + idle.map { .string($0.text) })
    }

    /// Claims jobs that were taken, for their creation. Those that somebody else has, or that are not due yet, are left out.
    public func start(_ ids: [JobID], lease: Duration) async throws(JobStoreError) -> [ExportJob] {
        let started = try await eachPartition(of: ids) { (partition, members) throws(JobStoreError) in
            let value = try await run(
                StoreScript.start, partition: partition, [.integer(lease.milliseconds)] + members.map { .string(ids[$0].text) })
            return try Self.jobs(Answer(value: value, attempted: "start"))
        }
        // In the order in which they were taken, which is that of priorities and turns.
        var byID = Dictionary(started.joined().map { ($0.id, $0) }) { first, _ in first }
        return ids.compactMap { byID.removeValue(forKey: $0) }
    }

    /// Those of the providers for whose creation jobs wait.
    public func waiting(among providers: [String]) async throws(JobStoreError) -> [String] {
        guard !providers.isEmpty else { return [] }
        let commands = providers.map { provider -> [RedisArgument] in
            ["EXISTS", .string(Self.providerTag(provider) + "taken")]
                + JobPriority.allCases.map { .string(Self.providerTag(provider) + "tenants:" + $0.rawValue) }
        }
        var waiting: [String] = []
        for (provider, value) in zip(providers, try await send("waiting", commands)) {
            if try Answer(value: value, attempted: "waiting").integer > 0 { waiting.append(provider) }
        }
        return waiting
    }

    func run(_ script: RedisScript, provider: String, _ arguments: [RedisArgument]) async throws(JobStoreError) -> RESPValue {
        do {
            return try await redis.run(script, keys: [.string(Self.providerTag(provider) + "turns")], arguments: arguments)
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: script.name)
        }
    }

    /// NOW, then name and fields of each job.
    static func jobs(_ answer: Answer) throws(JobStoreError) -> [ExportJob] {
        let elements = try answer.array
        guard !elements.isEmpty else { return [] }
        let now = try answer.element(0).integer
        var jobs: [ExportJob] = []
        for index in stride(from: 1, to: elements.count, by: 2) {
            let fields = try answer.element(index + 1)
            guard let id = JobID(try answer.element(index).string), let job = ExportJob(id, fields: try fields.fields, now: now) else {
                throw fields.unexpected
            }
            jobs.append(job)
        }
        return jobs
    }
}
