/// What a submitter asked for. It never changes: the job message, the store and a wake carry the same value. A class, because each step
/// passes it on many times.
public final class JobRequest: Sendable, Equatable {
    /// The same id twice is the same job.
    public let id: JobID
    /// The name of the provider file that describes the export API.
    public let provider: String
    /// What the provider is asked for: a compact JSON object, kept as it was written.
    public let parameters: String
    public let priority: JobPriority
    public let tenant: String
    public let correlationID: String
    /// An https URL.
    public let webhook: String?
    /// The submitter's W3C Trace Context.
    public let traceparent: String?

    /// - Parameter correlationID: `nil`: the job's id.
    public init(
        id: JobID, provider: String, parameters: String = "{}", priority: JobPriority = .normal, tenant: String = "default",
        correlationID: String? = nil, webhook: String? = nil, traceparent: String? = nil
    ) {
        self.id = id
        self.provider = provider
        self.parameters = parameters
        self.priority = priority
        self.tenant = tenant
        self.correlationID = correlationID ?? id.text
        self.webhook = webhook
        self.traceparent = traceparent
    }

    /// The whole request, of which a wake lacked these parts.
    public func completed(priority: JobPriority, traceparent: String?) -> JobRequest {
        JobRequest(
            id: id, provider: provider, parameters: parameters, priority: priority, tenant: tenant, correlationID: correlationID,
            webhook: webhook, traceparent: traceparent)
    }

    public static func == (one: JobRequest, other: JobRequest) -> Bool {
        one === other
            || one.id == other.id && one.provider == other.provider && one.parameters == other.parameters && one.priority == other.priority
                && one.tenant == other.tenant && one.correlationID == other.correlationID && one.webhook == other.webhook
                && one.traceparent == other.traceparent
    }
}
