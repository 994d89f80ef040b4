import ExportCore
import Redis

/// A decision of the state machine about a job of which the caller knows a version.
public struct JobChange: Sendable {
    public var id: JobID
    public var version: Int64
    /// The status that the decision was made from; another one is a transition.
    public var previousStatus: JobStatus
    public var decision: Decision
    /// For the history: what happened in a few words, `running 40 %`.
    public var detail: String
    /// Whether the step was a status check, which sets `lastPollAt`.
    public var isCheck: Bool
    /// Replaces what the provider's answers said of the export.
    public var exportHandle: String?

    public init(
        id: JobID, version: Int64, from previousStatus: JobStatus, decision: Decision, detail: String = "", isCheck: Bool = false, exportHandle: String? = nil
    ) {
        self.id = id
        self.version = version
        self.previousStatus = previousStatus
        self.decision = decision
        self.detail = detail
        self.isCheck = isCheck
        self.exportHandle = exportHandle
    }

    /// As `apply.lua` reads them.
    var arguments: [RedisArgument] {
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
        // Nothing worth a line: the watchdog found everything in order.
        let isRoutine = state.status == previousStatus && !isCheck && state.failures == 0
        let what =
            if isRoutine { "" } else if state.status != previousStatus { state.status.rawValue } else { state.failures == 0 ? "~" : "!" }
        return [
            .string(id.text), .integer(version), .string(state.status.rawValue), .integer(delay), .integer(Int64(state.attempts)),
            .integer(Int64(state.failures)), .integer(Int64(state.unknownStatuses)), .string(what),
            .string(HistoryEntry.line(detail)), .integer(isCheck ? 1 : 0), .integer(Int64(fields.count / 2)),
        ] + fields
    }
}

/// What became of a change.
public enum ChangeOutcome: Sendable, Equatable {
    /// Stored; the job has this version now.
    case applied(version: Int64)
    /// The job has changed meanwhile, or is over: nothing was stored.
    case stale
}
