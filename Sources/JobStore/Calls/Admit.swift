import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | watchdog | ms until a waiting job is put into its waiting list again |
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
    static let admit = StoreScript(
        "admit", PackageResources.admit_lua, arguments: "watchdog; each: id, request, priority, webhook, traceparent",
        reply: "now; each: code")
}

/// The result of an admission.
public enum AdmissionOutcome: Sendable, Equatable {
    case admitted
    /// The job was admitted before, and has left the waiting list.
    case known
    /// The job was admitted before, and waits for its creation.
    case waiting
}

extension JobStore {
    /// Admits jobs as PENDING, each with a timer, and puts them into the waiting lists of their providers.
    /// - Parameter watchdog: when to put a job into its waiting list again, in case the list lost it.
    /// - Throws: after an error some of the jobs may have been admitted; admitting them again is harmless.
    public func admit(_ requests: [JobRequest], watchdog: Duration) async throws(JobStoreError) -> [AdmissionOutcome] {
        let replies = try await eachPartition(of: requests.map(\.id)) { (partition, members) throws(JobStoreError) in
            var arguments: [RedisArgument] = [.integer(watchdog.milliseconds)]
            arguments.reserveCapacity(1 + 5 * members.count)
            for index in members { requests[index].appendArguments(to: &arguments) }
            let reply = try await run(.admit, partition: partition, arguments)
            var codes: [Int64] = []
            for item in try reply.items { codes.append(try Reply(item[item.startIndex], "admit").integer) }
            guard codes.count == members.count else { throw reply.unexpected }
            return (now: try reply.element("now").integer, members: members, codes: codes)
        }
        var outcomes = [AdmissionOutcome](repeating: .known, count: requests.count)
        var waiting: [WaitingJob] = []
        for (now, members, codes) in replies {
            for (index, code) in zip(members, codes) where code != 0 {
                outcomes[index] = code == 1 ? .admitted : .waiting
                waiting.append(WaitingJob(requests[index], since: now))
            }
        }
        try await enqueue(waiting)
        return outcomes
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
