import ExportCore
import Redis

/// A job that asks to be taken in.
public struct NewJob: Sendable {
    public var id: JobID
    public var provider: String
    /// A compact JSON object.
    public var parameters: String
    public var priority: JobPriority
    public var tenant: String
    public var correlationID: String
    public var webhook: String?
    public var traceparent: String?
    /// The longest time until the export must be ready.
    public var maxWait: Duration

    public init(
        id: JobID, provider: String, parameters: String = "{}", priority: JobPriority = .normal, tenant: String = "default",
        correlationID: String, webhook: String? = nil, traceparent: String? = nil, maxWait: Duration = .seconds(12 * 3600)
    ) {
        self.id = id
        self.provider = provider
        self.parameters = parameters
        self.priority = priority
        self.tenant = tenant
        self.correlationID = correlationID
        self.webhook = webhook
        self.traceparent = traceparent
        self.maxWait = maxWait
    }

    fileprivate var arguments: [RedisArgument] {
        [
            .string(id.text), .string(provider), .string(parameters), .string(priority.rawValue), .string(tenant),
            .string(correlationID), .string(webhook ?? ""), .string(traceparent ?? ""), .integer(maxWait.milliseconds),
        ]
    }
}

extension JobStore {
    /// Takes jobs in as PENDING, each with a timer and a place in the waiting list.
    /// - Parameter watchdog: when to put a job back into the waiting list, should that be lost.
    /// - Returns: for each job whether it is new; one that is known already is left as it stands.
    /// - Throws: after an error some of the jobs may have been taken in; admitting them again is harmless.
    public func admit(_ jobs: [NewJob], watchdog: Duration) async throws(JobStoreError) -> [Bool] {
        var admitted = [Bool](repeating: false, count: jobs.count)
        let groups = Dictionary(grouping: jobs.indices) { partition(of: jobs[$0].id) }
        for (partition, members) in groups {
            var arguments: [RedisArgument] = [.integer(watchdog.milliseconds)]
            for index in members { arguments += jobs[index].arguments }
            let answer = Answer(value: try await run(StoreScript.admit, partition: partition, arguments), attempted: "admit")
            for (position, index) in members.enumerated() { admitted[index] = try answer.element(position).integer == 1 }
        }
        return admitted
    }

    /// Claims up to `limit` waiting jobs of a partition for their creation, by priority.
    public func start(partition: Int, limit: Int, lease: Duration) async throws(JobStoreError) -> [ExportJob] {
        let value = try await run(StoreScript.start, partition: partition, [.integer(Int64(limit)), .integer(lease.milliseconds)])
        return try Self.jobs(Answer(value: value, attempted: "start"))
    }

    /// NOW, then fields of jobs.
    static func jobs(_ answer: Answer) throws(JobStoreError) -> [ExportJob] {
        let elements = try answer.array
        guard !elements.isEmpty else { return [] }
        let now = try answer.element(0).integer
        var jobs: [ExportJob] = []
        for index in elements.indices.dropFirst() {
            let element = try answer.element(index)
            guard let job = ExportJob(fields: try element.fields, now: now) else { throw element.unexpected }
            jobs.append(job)
        }
        return jobs
    }
}
