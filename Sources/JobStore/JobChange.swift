import ExportCore
import Redis

/// A decision of the state machine about a job of which the caller knows a version.
public struct JobChange: Sendable {
    public var id: JobID
    public var version: Int64
    public var decision: Decision
    /// For the history: what happened in a few words, `running 40 %`.
    public var detail: String
    /// Whether the step was a status check, which sets `lastPollAt`.
    public var isCheck: Bool
    /// Whether the step failed, and is to be tried again.
    public var isFailure: Bool
    /// Replaces what the provider's answers said of the export.
    public var exportHandle: String?
    /// Notes that the provider may have started a second export.
    public var mayBeCreatedTwice: Bool

    private var previous: JobState
    public var previousStatus: JobStatus { previous.status }

    /// - Parameter previous: the state that the decision was made from; another status is a transition.
    public init(
        id: JobID, version: Int64, from previous: JobState, decision: Decision, detail: String = "", isCheck: Bool = false,
        isFailure: Bool = false, exportHandle: String? = nil, mayBeCreatedTwice: Bool = false
    ) {
        self.id = id
        self.version = version
        self.previous = previous
        self.mayBeCreatedTwice = mayBeCreatedTwice
        self.decision = decision
        self.detail = detail
        self.isCheck = isCheck
        self.isFailure = isFailure
        self.exportHandle = exportHandle
    }

    /// Appends what `apply.lua` reads of a change.
    func append(to arguments: inout [RedisArgument]) {
        let state = decision.state
        let delay: Int64 =
            switch decision.timer {
            case .after(let duration): max(duration.milliseconds, 0)
            case .remove: -1
            }
        var fields: [RedisArgument] = []
        if let error = decision.error {
            fields += ["errorCode", .string(error.code), "errorMessage", .string(String(error.message.prefix(2000)))]
        }
        if let exportHandle { fields += ["export", .string(exportHandle)] }
        if mayBeCreatedTwice { fields += ["createdTwice", "possible"] }
        fields += movedFields
        // Nothing worth a line: the watchdog found everything in order.
        let within = isFailure ? "!" : isCheck ? "~" : ""
        let what = state.status == previousStatus ? within : state.status.rawValue
        arguments.append(.string(id.text))
        arguments.append(.integer(version))
        arguments.append(.string(state.status.rawValue))
        arguments.append(.integer(delay))
        arguments.append(.string("\(state.attempts)\t\(state.failures)\t\(state.unknownStatuses)"))
        arguments.append(.string(what))
        arguments.append(.string(HistoryEntry.line(detail)))
        arguments.append(.integer(isCheck ? 1 : 0))
        arguments.append(.integer(Int64(fields.count / 2)))
        arguments.append(contentsOf: fields)
    }

    /// What seldom changes, where it does; an empty value removes the field.
    private var movedFields: [RedisArgument] {
        let state = decision.state
        var fields: [RedisArgument] = []
        if state.creation != previous.creation { fields += ["creation", .integer(Int64(state.creation))] }
        if state.recreations != previous.recreations { fields += ["recreations", .integer(Int64(state.recreations))] }
        if state.createIsUncertain != previous.createIsUncertain { fields += ["createIsUncertain", state.createIsUncertain ? "1" : ""] }
        if state.resumeAt != previous.resumeAt { fields += ["resumeAt", .string(state.resumeAt?.rawValue ?? "")] }
        // The next export begins without what is known of the last one.
        if state.status == .pending, previous.status != .pending { fields += ["export", ""] }
        return fields
    }
}

/// What became of a change.
public enum ChangeOutcome: Sendable, Equatable {
    /// Stored; the job has this version now.
    case applied(version: Int64)
    /// The job has changed meanwhile, or is over: nothing was stored.
    case stale
}
