import ExportCore

/// What a service contributes to the actions of a job. An action that a service cannot execute is left to the job's timer.
public protocol JobEffects: Sendable {
    /// Lists the files of an export that has just become ready.
    func listFiles(of job: ClaimedJob, with interpreter: JobInterpreter) async
    /// The job has listed files that get their messages in turns with those of other jobs.
    func lineUp(_ job: ClaimedJob) async
    /// The job's timer was stored; it fires after `delay`.
    func timerSet(for job: ClaimedJob, after delay: Duration) async
    /// Remembers how long an export took.
    func learn(_ observed: ObservedDuration, of job: ClaimedJob) async
    /// Frees the export's place among those that its provider works on.
    func releasePlace(of job: ClaimedJob) async
}

/// For services and commands that start no exports: an orchestrator continues their jobs.
public struct TimerBringsItBack: JobEffects {
    public init() {}
    public func listFiles(of job: ClaimedJob, with interpreter: JobInterpreter) async {}
    public func lineUp(_ job: ClaimedJob) async {}
    public func timerSet(for job: ClaimedJob, after delay: Duration) async {}
    public func learn(_ observed: ObservedDuration, of job: ClaimedJob) async {}
    public func releasePlace(of job: ClaimedJob) async {}
}
