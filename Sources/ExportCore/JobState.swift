/// What the rules need to know of a job, and change.
public struct JobState: Sendable, Equatable {
    public var status: JobStatus
    /// Status checks that were answered.
    public var attempts: Int
    /// Failures in a row of the present step: creating, checking or listing.
    public var failures: Int
    /// Answers in a row whose status the provider file does not know.
    public var unknownStatuses: Int
    /// Wakes in a row that brought no result, this one included; read from the store, where the first is not written, 0 may be 1. A job
    /// that kills whoever handles it is bounded by them.
    public var claims: Int
    public var filesTotal: Int
    public var filesDone: Int
    /// Files that used up their attempts.
    public var filesFailed: Int
    /// Attempts at the manifest that were begun.
    public var manifestClaims: Int
    /// The exports that the job has left behind: failed at the provider, or given up. The present one is number `creation`, from 0.
    public var creation: Int
    /// Exports that were created anew since the job was submitted or retried by hand.
    public var recreations: Int
    /// An earlier request to create the export may have taken effect without our knowing.
    public var createIsUncertain: Bool
    /// Of a failed job: where it goes on when it is retried.
    public var resumeAt: JobStatus?
    /// As of the claim: time since the export was created, while there is none since the job was admitted.
    public var waited: Duration

    public init(
        status: JobStatus, attempts: Int = 0, failures: Int = 0, unknownStatuses: Int = 0, claims: Int = 0, filesTotal: Int = 0,
        filesDone: Int = 0, filesFailed: Int = 0, manifestClaims: Int = 0, creation: Int = 0, recreations: Int = 0,
        createIsUncertain: Bool = false, resumeAt: JobStatus? = nil, waited: Duration = .zero
    ) {
        self.status = status
        self.attempts = attempts
        self.failures = failures
        self.unknownStatuses = unknownStatuses
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
    }

    /// Of a job that waits for its creation: whether an export may be there already. A claim that brought no result may have sent its
    /// request all the same.
    public var mayHaveExport: Bool { status == .pending && (createIsUncertain || claims > 1) }

    /// Whether every file is stored, or given up.
    public var isTransferred: Bool { filesDone + filesFailed >= filesTotal }
}

/// What happened to a job.
public enum JobEvent: Sendable, Equatable {
    /// The provider has accepted the export.
    case created(PollHints)
    /// Creating, checking or listing did not succeed.
    case stepFailed(Failure)
    /// The export is queued or running.
    case notReady(PollHints)
    /// The provider file has no meaning for this status.
    case unknownStatus(String, PollHints)
    case ready
    /// The export is done and holds nothing.
    case empty
    /// The export itself failed, was cancelled at the provider, or expired there.
    case exportFailed(JobError)
    /// A page of the file list is stored; `isLast` when there is no further one.
    case pageListed(isLast: Bool)
    /// The watchdog found the files without progress, or all of them done without a manifest.
    case watchdogFired
    /// The file list does not end, or is too long.
    case listingRefused(JobError)
    /// Files have used up their attempts, as `JobState.filesFailed` counts; the error is the first one's.
    case fileFailed(JobError)
    /// The manifest is written.
    case manifestWritten
    /// Somebody asked for it, and the provider has been told.
    case cancelled
    /// Somebody asked for it, and the provider could not be told.
    case cancelFailed(Failure)
    /// Somebody asks for another try of a failed job, with a new export or from where it failed.
    case retryRequested(fromStart: Bool)

    /// Whether a step did not succeed.
    public var isFailure: Bool {
        switch self {
        case .stepFailed, .cancelFailed: true
        default: false
        }
    }
}

/// What is to be done after a decision is stored. It may be lost with the process: the timer brings it back.
public enum JobAction: Sendable, Equatable {
    case listFiles
    case publishDownloads
    case writeManifest
}

/// What becomes of the job's timer.
public enum TimerChange: Sendable, Equatable {
    case after(Duration)
    /// The job has come to its end.
    case remove
}

/// The outcome of an event: to be stored whole or not at all.
public struct Decision: Sendable, Equatable {
    public var state: JobState
    public var timer: TimerChange
    public var error: JobError?
    public var action: JobAction?

    public init(state: JobState, timer: TimerChange, error: JobError? = nil, action: JobAction? = nil) {
        self.state = state
        self.timer = timer
        self.error = error
        self.action = action
    }
}
