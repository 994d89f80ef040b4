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
    /// The exports that the job has left behind, see `JobState.creation`.
    public var creation: Int

    /// What makes a create that is sent again the same create: the job's name, and a number when it is not the job's first export.
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
