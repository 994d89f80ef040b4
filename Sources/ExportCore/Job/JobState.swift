/// The part of a job that the rules read and change.
public struct JobState: Sendable, Equatable {
    public var status: JobStatus
    /// Status checks that were answered.
    public var attempts: Int
    /// Consecutive failures of the current step: creating, checking or listing.
    public var failures: Int
    /// Consecutive answers that nothing can be done with: while POLLING, a status that the provider file does not know; while READY, 1
    /// since the first list without files.
    public var unusableAnswers: Int
    /// Consecutive claims without a result, this one included. They bound a job that crashes the processes that handle it.
    public var claims: Int
    public var filesTotal: Int
    public var filesDone: Int
    /// Files that were given up.
    public var filesFailed: Int
    /// Attempts to write the manifest.
    public var manifestClaims: Int
    /// How many exports the job has left behind, because they failed or were given up. The current one is number `creation`, from 0.
    public var creation: Int
    /// How many exports were recreated since the job was submitted or last retried by an operator.
    public var recreations: Int
    /// An earlier request to create the export may have taken effect without an answer.
    public var createIsUncertain: Bool
    /// Where a failed job continues when it is retried.
    public var resumeAt: JobStatus?
    /// At the time of the claim: time since the export was created, or since the admission while there is no export.
    public var waited: Duration
    /// At the time of the claim: time since the current step was put off for the first time, by throttled answers, by ones that say
    /// "not yet" or by a held provider, with no answer of another kind in between; `nil` when the last one was of another kind.
    public var deferredFor: Duration?

    public init(
        status: JobStatus, attempts: Int = 0, failures: Int = 0, unusableAnswers: Int = 0, claims: Int = 0, filesTotal: Int = 0,
        filesDone: Int = 0, filesFailed: Int = 0, manifestClaims: Int = 0, creation: Int = 0, recreations: Int = 0,
        createIsUncertain: Bool = false, resumeAt: JobStatus? = nil, waited: Duration = .zero, deferredFor: Duration? = nil
    ) {
        self.status = status
        self.attempts = attempts
        self.failures = failures
        self.unusableAnswers = unusableAnswers
        self.claims = claims
        self.filesTotal = filesTotal
        self.filesDone = filesDone
        self.filesFailed = filesFailed
        self.manifestClaims = manifestClaims
        self.creation = creation
        self.recreations = recreations
        self.createIsUncertain = createIsUncertain
        self.resumeAt = resumeAt
        self.waited = waited
        self.deferredFor = deferredFor
    }

    /// Whether the provider may already have an export of a job that waits for its creation. An earlier claim without a result may
    /// have sent its request.
    public var mayHaveExport: Bool { status == .pending && (createIsUncertain || claims > 1) }

    /// Whether the job's last request did not succeed: it probes a held provider only when no other does.
    public var isSuspect: Bool { failures > 0 || deferredFor != nil }

    /// Whether every file is stored or given up.
    public var isTransferred: Bool { filesDone + filesFailed >= filesTotal }
}
