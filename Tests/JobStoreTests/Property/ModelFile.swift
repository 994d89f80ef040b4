import ExportCore

/// What the store should hold of a file. What follows from a state is `FileMachine`'s to say.
struct ModelFile: Equatable {
    /// A queued file's `since` is 0, which counts as lost already, or `nil`: some time that the store knows.
    var state: FileState
    /// While queued: the step of the walk that published its message.
    var publishedAt = 0
    /// Attempts that used up none.
    var uncounted = 0

    /// As the files' hash has it; the time of a queued one left out.
    var text: String {
        guard case .queued(let token, let since, let copies) = state else { return "\(state.kind.rawValue) \(state.token)" }
        return "queued \(token) \(since == nil ? "t" : "0") \(copies)"
    }

    /// Whether the file is exactly in a state that somebody has read.
    func isStill(_ read: ModelFile) -> Bool { state == read.state && (state.kind != .queued || publishedAt == read.publishedAt) }

    /// The same in the decided state.
    func set(_ state: FileState, step: Int) -> ModelFile {
        ModelFile(state: state.withoutTime, publishedAt: state.kind == .queued ? step : 0, uncounted: uncounted)
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
