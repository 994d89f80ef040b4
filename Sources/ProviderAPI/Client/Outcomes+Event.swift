import ExportCore

extension CreateOutcome {
    /// What the outcome means for the job.
    /// - Parameter counted: the failure as it counts for the job.
    public func event(_ counted: Failure? = nil, hints: PollHints = PollHints()) -> JobEvent {
        switch self {
        case .created, .adopted: .created(hints)
        case .failed(let failure): .stepFailed(counted ?? failure)
        }
    }

    /// The handle of an export that runs now.
    public var exportHandle: String? {
        switch self {
        case .created(let handle), .adopted(let handle): handle
        case .failed: nil
        }
    }
}

extension CheckOutcome {
    /// What the outcome means for the job.
    /// - Parameters:
    ///   - counted: the failure as it counts for the job.
    ///   - moment: what the next delay depends on besides.
    ///   - running: how long the export has run, if somebody asks.
    public func event(_ counted: Failure? = nil, _ moment: PollMoment = PollMoment(), running: Duration? = nil) -> JobEvent {
        switch self {
        case .queued(let wait): .notReady(PollHints(retryAfter: wait, isQueued: true, moment: moment))
        case .running(let progress, let wait):
            .notReady(PollHints(retryAfter: wait, progress: progress, hasRunFor: running, moment: moment))
        case .advanced(_, let isDueAtOnce): .advanced(PollHints(isDueAtOnce: isDueAtOnce, moment: moment))
        case .ready: .ready
        case .empty: .empty
        case .failed(let code, let message): .exportFailed(JobError(code: code, message: message))
        case .expired: .exportFailed(JobError(code: "export-expired", message: "the provider no longer has the export"))
        case .unknownStatus(let status, let wait): .unknownStatus(status, PollHints(retryAfter: wait, moment: moment))
        case .failure(let failure): .stepFailed(counted ?? failure)
        }
    }
}
