/// Something that happened to a job.
public enum JobEvent: Sendable, Equatable {
    /// The provider accepted the export.
    case created(PollHints)
    /// Creating, checking or listing failed.
    case stepFailed(Failure)
    /// The export is queued or running.
    case notReady(PollHints)
    /// An entry of `steps` is done: its request was accepted, or its wait has ended.
    case advanced(PollHints)
    /// The provider file has no meaning for this status.
    case unknownStatus(String, PollHints)
    case ready
    /// The export is ready and contains nothing.
    case empty
    /// The export itself failed, was cancelled at the provider, or expired there.
    case exportFailed(JobError)
    /// A page of the file list with `added` files is about to be stored; `isLast` when no page follows.
    case pageListed(added: Int, isLast: Bool)
    /// The watchdog's timer fired while files are transferred. The error is that of the first failed file.
    case watchdogFired(fileError: JobError?)
    /// The file list does not end, or is too long.
    case listingRefused(JobError)
    /// The manifest is written.
    case manifestWritten
    /// An operator asked to cancel, and the export is cancelled or none runs.
    case cancelled
    /// An operator asked to cancel, and the export could not be cancelled.
    case cancelFailed(Failure)
    /// An operator retries a failed job, with a new export or from where it failed.
    case retryRequested(fromStart: Bool)

    /// Why a step did not succeed.
    public var failure: Failure? {
        switch self {
        case .stepFailed(let failure), .cancelFailed(let failure): failure
        default: nil
        }
    }

    /// What the answer says about when to come back.
    public var hints: PollHints? {
        switch self {
        case .created(let hints), .notReady(let hints), .advanced(let hints), .unknownStatus(_, let hints): hints
        default: nil
        }
    }

    /// Whether a step did not succeed.
    public var isFailure: Bool {
        switch self {
        case .stepFailed, .cancelFailed: true
        default: false
        }
    }
}
