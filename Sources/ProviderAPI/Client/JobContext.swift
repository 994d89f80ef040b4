import ExportCore
public import TraceContext

/// A job as requests and filters see it: a view of its request, with the numbers that a step adds.
public struct JobContext: Sendable {
    public let request: JobRequest
    /// The attempt of the step that the request belongs to, from 1.
    public let attempt: Int
    /// How many exports the job has left behind, see `JobState.creation`.
    public let creation: Int
    /// The span that the requests of a check belong to. Their task does not tell: checks of several jobs are sent together.
    public let trace: TraceContext?

    /// The same for every repetition of one create: the job's id, and a number unless it is the job's first export.
    public var idempotencyKey: String { creation == 0 ? request.id.text : "\(request.id.text).\(creation)" }

    public init(_ request: JobRequest, attempt: Int = 1, creation: Int = 0, trace: TraceContext? = nil) {
        self.request = request
        self.trace = trace
        self.attempt = attempt
        self.creation = creation
    }
}
