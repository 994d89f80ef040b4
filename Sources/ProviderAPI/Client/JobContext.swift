import ExportCore

/// What requests and filters may know of a job.
public struct JobContext: Sendable {
    public var jobID: String
    public var provider: String
    /// A JSON object, as it was submitted.
    public var parametersJSON: String
    public var correlationID: String
    public var tenant: String
    /// The attempt of the step that the request belongs to, from 1.
    public var attempt: Int
    public var priority: JobPriority

    public init(
        jobID: String, provider: String, parametersJSON: String = "{}", correlationID: String, tenant: String = "default", attempt: Int = 1,
        priority: JobPriority = .normal
    ) {
        self.jobID = jobID
        self.provider = provider
        self.parametersJSON = parametersJSON
        self.correlationID = correlationID
        self.tenant = tenant
        self.attempt = attempt
        self.priority = priority
    }
}
