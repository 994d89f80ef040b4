/// Something that happened to a file of a job.
public enum FileEvent: Sendable, Equatable {
    /// It is the turn of the file's job.
    case published
    /// A worker holds a message of the file and asks for it.
    case claimed(isTimerDue: Bool)
    /// Every object of the file has its final name.
    case stored
    /// An attempt failed, the `attempt`-th since the job was submitted or retried. `deferredFor`: how long ago the file was put off for the
    /// first time, with no failure of another kind in between; `nil`: it was not.
    case failed(Failure, attempt: Int, deferredFor: Duration? = nil)
    /// The worker shuts down and gives the file back.
    case handedBack
    /// The lease ran out, or the backoff is over.
    case timerFired
    /// The watchdog found the file's message unclaimed for `waited`.
    case stillQueued(waited: Duration)
    /// An operator retries the job; tokens continue after `base`.
    case jobRetried(base: Int)
    /// The job failed or was cancelled.
    case jobEnded
}

/// What a decision on a file requires. An action may be lost with its process; the timers of file and job bring it back.
public enum FileAction: Sendable, Equatable {
    /// Publish a dead letter. It comes before the decision is stored: a crash in between leaves two letters, never none.
    case publishDeadLetter(Failure, attempts: Int)
    /// Publish a download message, so that a worker claims the file.
    case publishMessage
    /// Transfer the file.
    case transfer

    public var comesBeforeTheStore: Bool { if case .publishDeadLetter = self { true } else { false } }
}

/// How a decision on a file changes its job's counters. The change is stored in the same step.
public enum FileCount: Sendable, Equatable {
    case unchanged
    /// One more stored file. With the last one the job's manifest is due.
    case stored
    /// One more file has failed. A job whose files are all listed is handled at once.
    case failed(JobError)
}

/// The outcome of an event: stored whole or not at all.
public struct FileDecision: Sendable, Equatable {
    public var state: FileState
    /// The file's own timer.
    public var timer: TimerChange
    public var count: FileCount
    /// Whether the attempt that ends here uses up one of those that the provider file allows.
    public var usesAttempt: Bool
    /// Whether the attempt was put off, see `FileEvent.failed`.
    public var isDeferral: Bool
    public var actions: [FileAction]

    public init(
        state: FileState, timer: TimerChange, count: FileCount = .unchanged, usesAttempt: Bool = true, isDeferral: Bool = false,
        actions: [FileAction] = []
    ) {
        self.state = state
        self.timer = timer
        self.count = count
        self.usesAttempt = usesAttempt
        self.isDeferral = isDeferral
        self.actions = actions
    }
}
