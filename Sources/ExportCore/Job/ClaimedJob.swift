/// A claimed job, the input of every step, whether it came from a wake, a waiting list or a download message.
public struct ClaimedJob: Sendable, Equatable {
    /// From a wake, which carries only what a check needs, priority and webhook have their defaults.
    public var request: JobRequest
    /// Guards every change: a caller that knows an older version changes nothing.
    public var version: Int64
    public var state: JobState
    /// What the provider's answers said about the export: a compact JSON object; `nil` before the export is created.
    public var exportHandle: String?
    /// An operator asked to cancel the job, and the export has not been cancelled yet.
    public var isCancelRequested: Bool
    /// The files that came with the answer that made the job ready, as JSON; `nil` once they are stored, and from a wake.
    public var readyPage: String?
    /// From the check before to the time that was planned for this one; `nil` before the first check, and not from a wake.
    public var sinceLastCheck: Duration?

    public var id: JobID { request.id }

    public init(
        request: JobRequest, version: Int64, state: JobState, exportHandle: String? = nil, isCancelRequested: Bool = false,
        readyPage: String? = nil, sinceLastCheck: Duration? = nil
    ) {
        self.request = request
        self.version = version
        self.state = state
        self.exportHandle = exportHandle
        self.isCancelRequested = isCancelRequested
        self.readyPage = readyPage
        self.sinceLastCheck = sinceLastCheck
    }

    /// The same job with another version and state; the rest stays.
    public func advanced(to version: Int64, _ state: JobState) -> ClaimedJob {
        var job = self
        (job.version, job.state) = (version, state)
        return job
    }
}
