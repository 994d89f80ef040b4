import ExportCore
import JobStore

/// What the store should hold of a file. What follows from a state is `FileMachine`'s to say.
struct ModelFile: Equatable {
    /// A queued file's `since` is 0, which counts as lost already, or `nil`: some time that the store knows.
    var state: FileState
    /// While queued: the step of the walk that published its message.
    var publishedAt = 0
    /// Attempts that used up none.
    var uncounted = 0
    /// Whether the last attempt was put off.
    var isDeferred = false

    /// As the files' hash has it; the time of a queued one left out.
    var text: String {
        guard case .queued(let token, let since, let copies) = state else { return "\(state.kind.rawValue) \(state.token)" }
        return "queued \(token) \(since == nil ? "t" : "0") \(copies)"
    }

    /// Whether the file is exactly in a state that somebody has read.
    func isStill(_ read: ModelFile) -> Bool { state == read.state && (state.kind != .queued || publishedAt == read.publishedAt) }

    /// The same in the decided state.
    func set(_ state: FileState, step: Int) -> ModelFile {
        ModelFile(state: state.withoutTime, publishedAt: state.kind == .queued ? step : 0, uncounted: uncounted, isDeferred: isDeferred)
    }
}

/// A decision on a file that no worker has, with what the model had of the file when it was read.
struct ModelRequeue {
    let change: FileRequeue
    let known: ModelFile
    /// The timer as the claim moved it, where `change` tells it.
    var timer: ModelTimer?

    /// What becomes of it; only what is `stored` or `jobEnded` is in the store's answer.
    enum Outcome: String {
        case stored
        /// The job has ended: the file's timer is removed.
        case jobEnded = "the job has ended"
        /// The timer has moved since it was claimed.
        case keptByHeartbeat = "kept by a heartbeat"
        case stale
    }
}

extension FileState {
    /// As a model has it: it does not know when a message was published, but whether it counts as lost already.
    var withoutTime: FileState {
        guard case .queued(let token, let since, let copies) = self, since != 0 else { return self }
        return .queued(token: token, since: nil, copies: copies)
    }

    /// Whether kind and token agree, which is what a claim compares.
    func resembles(_ other: FileState) -> Bool { kind == other.kind && token == other.token }
}
