/// What a decision requires. The interpreter executes actions; no step inspects the state to decide again.
///
/// An action may be lost with its process: the job's timer brings the job back, and the same action follows again.
public enum JobAction: Sendable, Equatable {
    /// Publish a dead letter for a job that is about to fail. This one comes before the decision is stored: a crash in between
    /// leaves two letters, never none.
    case publishDeadLetter(JobError)
    /// Remember how long the export took, or that it ended without becoming ready.
    case learnDuration(isReady: Bool)
    /// The export takes a place among those that the provider works on.
    case takePlace
    /// The export no longer runs: its place is free for another.
    case releasePlace
    /// List the files of an export that is ready.
    case listFiles
    /// Publish a message for each of these files.
    case publishFiles(Range<Int>)
    /// Put the job into the download line: it has listed files that get their messages by turns.
    case lineUp
    /// Publish the message that makes a worker write the manifest.
    case publishManifest

    public var comesBeforeTheStore: Bool { if case .publishDeadLetter = self { true } else { false } }
}

/// The change of a timer.
public enum TimerChange: Sendable, Equatable {
    case after(Duration)
    /// Whatever the timer stood for is over.
    case remove
}

/// The outcome of an event: state, timer and error are stored together or not at all, and the actions follow.
public struct JobDecision: Sendable, Equatable {
    public var state: JobState
    public var timer: TimerChange
    /// Why the next step is due when it is; `nil` where the timer only watches over the job, or is removed.
    public var reason: DelayReason?
    public var error: JobError?
    public var actions: [JobAction]

    public init(state: JobState, timer: TimerChange, error: JobError? = nil, actions: [JobAction] = []) {
        self.state = state
        self.timer = timer
        self.error = error
        self.actions = actions
    }

    init(state: JobState, _ delay: ChosenDelay, actions: [JobAction] = []) {
        self.init(state: state, timer: .after(delay.time), actions: actions)
        reason = delay.reason
    }
}
