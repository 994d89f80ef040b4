/// The whole record of a job, for readers. Times are milliseconds of Redis's clock since 1970.
public struct Job: Sendable, Equatable {
    public var request: JobRequest
    public var version: Int64
    public var state: JobState
    public var createdAt: Int64
    public var lastPollAt: Int64?
    public var nextPollAt: Int64?
    /// When the store forgets the job; only after its end.
    public var expiresAt: Int64?
    public var error: JobError?
    /// Why the first of its failed files failed.
    public var fileError: JobError?
    /// An operator asked to cancel the job, and the export has not been cancelled yet.
    public var isCancelRequested: Bool
    /// The provider may have started a second export: a create was repeated, and the provider's API has no safeguard against it.
    public var mayBeCreatedTwice: Bool
    /// What the provider's answers said about the export, for later requests: a JSON object.
    public var exportHandle: String?
    /// The next page of the file list, while the job is READY.
    public var listingCursor: String?
    /// The files that came with the answer that made the job ready, as JSON, until they are stored.
    public var readyPage: String?
    /// Tokens of files up to this one belong to attempts before the last retry.
    public var attemptsBase: Int

    public var id: JobID { request.id }

    public init(
        request: JobRequest, version: Int64 = 0, state: JobState = JobState(status: .pending), createdAt: Int64 = 0,
        lastPollAt: Int64? = nil, nextPollAt: Int64? = nil, expiresAt: Int64? = nil, error: JobError? = nil, fileError: JobError? = nil,
        isCancelRequested: Bool = false, mayBeCreatedTwice: Bool = false, exportHandle: String? = nil, listingCursor: String? = nil,
        readyPage: String? = nil, attemptsBase: Int = 0
    ) {
        self.request = request
        self.version = version
        self.state = state
        self.createdAt = createdAt
        self.lastPollAt = lastPollAt
        self.nextPollAt = nextPollAt
        self.expiresAt = expiresAt
        self.error = error
        self.fileError = fileError
        self.isCancelRequested = isCancelRequested
        self.mayBeCreatedTwice = mayBeCreatedTwice
        self.exportHandle = exportHandle
        self.listingCursor = listingCursor
        self.readyPage = readyPage
        self.attemptsBase = attemptsBase
    }

    /// What a step works on, for a caller that holds the claim of this version.
    public var claimed: ClaimedJob {
        ClaimedJob(
            request: request, version: version, state: state, exportHandle: exportHandle, isCancelRequested: isCancelRequested,
            readyPage: readyPage)
    }

    /// The same for the caller that was woken, whose claim knows how long the job has waited: a record has no clock.
    ///
    /// - Returns: nil if the wake is stale or forged: the record has another version or status.
    public func claimed(by wake: ClaimedJob) -> ClaimedJob? {
        guard version == wake.version, state.status == wake.state.status else { return nil }
        var job = claimed
        (job.state.waited, job.state.deferredFor) = (wake.state.waited, wake.state.deferredFor)
        return job
    }
}
