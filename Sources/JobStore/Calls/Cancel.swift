import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | actor | who asks, for the event |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | outcome | asked, over or unknown |
    /// | status | of the job; not when it is unknown |
    /// | provider | of the job; only when asked, like what follows |
    /// | priority | of the job |
    /// | tenant | of the job |
    static let cancel = StoreScript(
        "cancel", PackageResources.cancel_lua, arguments: "id, actor", reply: "outcome, status, provider, priority, tenant")
}

/// The result of asking to cancel a job.
public enum CancelRequestOutcome: Sendable, Equatable {
    /// The job ends as soon as its export is cancelled at the provider.
    case asked
    /// The job had ended before.
    case over(JobStatus)
    case unknown
}

extension JobStore {
    /// Requests the cancellation of a job; an orchestrator cancels its export and ends the job.
    /// - Parameter actor: who asks.
    public func cancel(_ id: JobID, by actor: String = "") async throws(JobStoreError) -> CancelRequestOutcome {
        let reply = try await run(.cancel, on: id, [.string(id.text), .string(HistoryEntry.line(actor))])
        switch try reply.element("outcome").string {
        case "asked":
            // Another hash tag, so another script. If this one is lost, an entry in the waiting list remains, which `start` refuses.
            try await dequeue(
                id, provider: reply.element("provider").string, priority: reply.element("priority").string,
                tenant: reply.element("tenant").string)
            return .asked
        case "over":
            guard let status = JobStatus(rawValue: try reply.element("status").string) else { throw reply.unexpected }
            return .over(status)
        default: return .unknown
        }
    }
}
