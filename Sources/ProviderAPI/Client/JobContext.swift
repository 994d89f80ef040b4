import ExportCore

/// The fields of a job that requests and filters can read.
public struct JobContext: Sendable {
    public var jobID: String
    public var provider: String
    /// The submitted parameters, a JSON object.
    public var parametersJSON: String
    public var correlationID: String
    public var tenant: String
    /// The attempt number of the step that sends the request, from 1.
    public var attempt: Int
    public var priority: JobPriority
    /// The number of exports that the job abandoned, see `JobState.creation`.
    public var creation: Int

    /// Identifies a create across retries: the job id, with the creation number appended if this is not the job's first export.
    public var idempotencyKey: String { creation == 0 ? jobID : "\(jobID).\(creation)" }

    public init(
        jobID: String, provider: String, parametersJSON: String = "{}", correlationID: String, tenant: String = "default", attempt: Int = 1,
        priority: JobPriority = .normal, creation: Int = 0
    ) {
        self.jobID = jobID
        self.provider = provider
        self.parametersJSON = parametersJSON
        self.correlationID = correlationID
        self.tenant = tenant
        self.attempt = attempt
        self.priority = priority
        self.creation = creation
    }
}
