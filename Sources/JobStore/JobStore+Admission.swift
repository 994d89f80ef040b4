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

    public init(
        id: JobID, provider: String, parameters: String = "{}", priority: JobPriority = .normal, tenant: String = "default",
        correlationID: String, webhook: String? = nil, traceparent: String? = nil
    ) {
        self.id = id
        self.provider = provider
        self.parameters = parameters
        self.priority = priority
        self.tenant = tenant
        self.correlationID = correlationID
        self.webhook = webhook
        self.traceparent = traceparent
    }

    fileprivate var arguments: [RedisArgument] {
        [
            .string(id.text), .string(provider), .string(parameters), .string(priority.rawValue), .string(tenant),
            .string(correlationID), .string(webhook ?? ""), .string(traceparent ?? ""),
        ]
    }
}

/// What became of a job that asked to be taken in.
public enum Admission: Sendable, Equatable {
    case admitted
    /// It was there already, and goes its way.
    case known
    /// It was there already, and waits for its creation.
    case waiting
}

extension JobStore {
    /// Takes jobs in as PENDING, each with a timer, and puts them into the waiting lists of their providers.
    /// - Parameter watchdog: when to put a job back into its waiting list, should that be lost.
    /// - Throws: after an error some of the jobs may have been taken in; admitting them again is harmless.
    public func admit(_ jobs: [NewJob], watchdog: Duration) async throws(JobStoreError) -> [Admission] {
        let answers = try await eachPartition(of: jobs.map(\.id)) { (partition, members) throws(JobStoreError) in
            var arguments: [RedisArgument] = [.integer(watchdog.milliseconds)]
            for index in members { arguments += jobs[index].arguments }
            let answer = Answer(value: try await run(StoreScript.admit, partition: partition, arguments), attempted: "admit")
            var codes: [Int64] = []
            for position in members.indices { codes.append(try answer.element(position + 1).integer) }
            return (now: try answer.element(0).integer, members: members, codes: codes)
        }
        var admissions = [Admission](repeating: .known, count: jobs.count)
        var waiting: [WaitingJob] = []
        for (now, members, codes) in answers {
            for (index, code) in zip(members, codes) {
                admissions[index] = code == 1 ? .admitted : code == 2 ? .waiting : .known
                guard code != 0 else { continue }
                let job = jobs[index]
                waiting.append(
                    WaitingJob(id: job.id, provider: job.provider, priority: job.priority, tenant: job.tenant, createdAt: now))
            }
        }
        try await enqueue(waiting)
        return admissions
    }
}
