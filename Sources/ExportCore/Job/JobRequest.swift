/// What a submitter asked for. It never changes: the job message, the store and a wake carry the same value.
public struct JobRequest: Sendable, Equatable {
    /// Shared by all copies: a request goes through every step of a job, and copying its texts each time would cost more than the steps.
    private let fields: Fields

    private final class Fields: Sendable {
        let id: JobID
        let provider: String, parameters: String
        let priority: JobPriority
        let tenant: String, correlationID: String
        let webhook: String?, traceparent: String?

        init(
            _ id: JobID, _ provider: String, _ parameters: String, _ priority: JobPriority, _ tenant: String, _ correlationID: String,
            _ webhook: String?, _ traceparent: String?
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
    }

    /// - Parameters:
    ///   - id: the same id twice is the same job.
    ///   - provider: the name of the provider file that describes the export API.
    ///   - parameters: what the provider is asked for: a compact JSON object, kept as it was written.
    ///   - correlationID: `nil`: the job's id.
    ///   - webhook: an https URL.
    ///   - traceparent: the submitter's W3C Trace Context.
    public init(
        id: JobID, provider: String, parameters: String = "{}", priority: JobPriority = .normal, tenant: String = "default",
        correlationID: String? = nil, webhook: String? = nil, traceparent: String? = nil
    ) {
        fields = Fields(id, provider, parameters, priority, tenant, correlationID ?? id.text, webhook, traceparent)
    }

    public var id: JobID { fields.id }
    public var provider: String { fields.provider }
    public var parameters: String { fields.parameters }
    public var priority: JobPriority { fields.priority }
    public var tenant: String { fields.tenant }
    public var correlationID: String { fields.correlationID }
    public var webhook: String? { fields.webhook }
    public var traceparent: String? { fields.traceparent }

    public static func == (left: JobRequest, right: JobRequest) -> Bool {
        left.id == right.id && left.provider == right.provider && left.parameters == right.parameters && left.priority == right.priority
            && left.tenant == right.tenant && left.correlationID == right.correlationID && left.webhook == right.webhook
            && left.traceparent == right.traceparent
    }
}
