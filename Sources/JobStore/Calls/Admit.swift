import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | watchdog | ms until a waiting job is put into its waiting list again |
    /// | actor | who does it, for the history; empty: nobody is named |
    /// | id | the job |
    /// | request | as `PackedRequest.swift` packs it |
    /// | priority | high, normal or low |
    /// | webhook | empty: none |
    /// | traceparent | empty: none |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | now | the store's clock |
    /// | code | 1: admitted; 2: known, and waits for its creation; 0: known |
    /// | request | of a known job, if request or webhook differ from what is stored: what is stored; otherwise empty |
    /// | webhook | the same for the webhook |
    static let admit = StoreScript(
        "admit", PackageResources.admit_lua, arguments: "watchdog, actor; each: id, request, priority, webhook, traceparent",
        reply: "now; each: code, request, webhook")
}

/// The result of an admission.
public enum AdmissionOutcome: Sendable, Equatable {
    case admitted
    /// The job was admitted before, and has left the waiting list.
    case known
    /// The job was admitted before, and waits for its creation.
    case waiting
    /// Another job has this id; it has not changed. The names of what differs, see `JobRequest.differences`.
    case conflict([String])
}

extension JobStore {
    /// Admits jobs as PENDING, each with a timer, and puts them into the waiting lists of their providers.
    ///
    /// A job with a known id is admitted once. If it asks for something else than the known job, that is a conflict.
    /// - Parameter watchdog: when to put a job into its waiting list again, in case the list lost it.
    /// - Throws: after an error some of the jobs may have been admitted; admitting them again is harmless.
    public func admit(_ requests: [JobRequest], watchdog: Duration) async throws(JobStoreError) -> [AdmissionOutcome] {
        let replies = try await eachPartition(of: requests.map(\.id)) { (partition, members) throws(JobStoreError) in
            var arguments: [RedisArgument] = [.integer(watchdog.milliseconds), .string(actor)]
            arguments.reserveCapacity(2 + 5 * members.count)
            for index in members { requests[index].appendArguments(to: &arguments) }
            let reply = try await run(.admit, partition: partition, arguments)
            let answers = try reply.items.map { (item) throws(JobStoreError) in try Answer(item) }
            guard answers.count == members.count else { throw reply.unexpected }
            return (now: try reply.element("now").integer, members: members, answers: answers)
        }
        var outcomes = [AdmissionOutcome](repeating: .known, count: requests.count)
        var waiting: [WaitingJob] = []
        for (now, members, answers) in replies {
            for (index, answer) in zip(members, answers) {
                outcomes[index] = answer.outcome(for: requests[index])
                guard outcomes[index] == .admitted || outcomes[index] == .waiting else { continue }
                waiting.append(WaitingJob(requests[index], since: now))
            }
        }
        try await enqueue(waiting)
        return outcomes
    }
}

/// What the script says about a job.
private struct Answer {
    private let code: Int64
    /// Empty, or the stored request of a known job whose text differs.
    private let request: String
    private let webhook: String

    init(_ item: ArraySlice<RESPValue>) throws(JobStoreError) {
        let values = item.map { Reply($0, "admit") }
        code = try values[0].integer
        request = try values[1].string
        webhook = try values[2].optional?.string ?? ""
    }

    func outcome(for asked: JobRequest) -> AdmissionOutcome {
        if code == 1 { return .admitted }
        if !request.isEmpty {
            let stored = JobRequest(
                id: asked.id, packed: request, priority: asked.priority, webhook: webhook.isEmpty ? nil : webhook, traceparent: nil)
            let differences = stored.map { asked.differences(from: $0) } ?? []
            if !differences.isEmpty { return .conflict(differences) }
        }
        return code == 2 ? .waiting : .known
    }
}

extension JobRequest {
    fileprivate func appendArguments(to arguments: inout [RedisArgument]) {
        arguments.append(.string(id.text))
        arguments.append(.string(packed))
        arguments.append(.string(priority.rawValue))
        arguments.append(.string(webhook ?? ""))
        arguments.append(.string(traceparent ?? ""))
    }
}
