import ExportCore
import Redis

/// A decision of the job machine about a claimed job, and what it adds to the job's record.
public struct JobChange: Sendable {
    /// As the decision was made from it; another status in the decision is a transition.
    public var job: ClaimedJob
    public var decision: JobDecision
    /// For the history: what happened in a few words, `running 40 %`.
    public var detail: String
    /// Whether the step was a status check, which sets `lastPollAt`.
    public var isCheck: Bool
    /// Whether the step failed, and is tried again.
    public var isFailure: Bool
    /// Replaces what the provider's answers said about the export.
    public var exportHandle: String?
    /// An answer that was not the wanted one, in one line; the last few stay with the job.
    public var answer: String?
    /// The page of files that came with the answer that made the job ready, as JSON: that answer may be available only once.
    public var readyPage: String?
    /// The file list is read from its first page again.
    public var relists: Bool
    /// Notes that the provider may have started a second export.
    public var mayBeCreatedTwice: Bool

    public init(
        _ job: ClaimedJob, _ decision: JobDecision, detail: String = "", isCheck: Bool = false, isFailure: Bool = false,
        exportHandle: String? = nil, mayBeCreatedTwice: Bool = false, answer: String? = nil, readyPage: String? = nil,
        relists: Bool = false
    ) {
        self.job = job
        self.decision = decision
        self.detail = detail
        self.isCheck = isCheck
        self.isFailure = isFailure
        self.exportHandle = exportHandle
        self.mayBeCreatedTwice = mayBeCreatedTwice
        self.answer = answer
        self.readyPage = readyPage
        self.relists = relists
    }

    /// The job after the change was stored: with its new version and state, and what the record says about the export then.
    public func stored(as version: Int64) -> ClaimedJob {
        var stored = job.advanced(to: version, decision.state)
        if let exportHandle { stored.exportHandle = exportHandle }
        if let readyPage { stored.readyPage = readyPage }
        if forgetsExport { stored.exportHandle = nil }
        return stored
    }

    /// The next export begins without what is known of the last one.
    private var forgetsExport: Bool { decision.state.status == .pending && job.state.status != .pending }

    /// Appends what `apply.lua` reads of a change.
    func append(to arguments: inout [RedisArgument]) {
        let state = decision.state
        var fields: [RedisArgument] = []
        if let error = decision.error {
            fields += ["errorCode", .string(error.code), "errorMessage", .string(String(error.message.prefix(2000)))]
        }
        if let exportHandle { fields += ["export", .string(exportHandle)] }
        if mayBeCreatedTwice { fields += ["createdTwice", "possible"] }
        if let answer { fields += ["answers", .string(HistoryEntry.line(answer, atMost: 300))] }
        if let readyPage { fields += ["readyPage", .string(readyPage)] }
        if relists { fields += ["listingCursor", ""] }
        fields += rareFields
        arguments.append(.string(job.id.text))
        arguments.append(.integer(job.version))
        arguments.append(.string(state.status.rawValue))
        arguments.append(.integer(decision.timer.delay))
        arguments.append(.string(JobProgress.counts(state)))
        arguments.append(.string(what))
        arguments.append(.string(HistoryEntry.line(detail)))
        arguments.append(marks)
        arguments.append(.integer(Int64(fields.count / 2)))
        arguments.append(contentsOf: fields)
    }

    private var marks: RedisArgument {
        guard let deferred = decision.state.deferredFor else { return isCheck ? "check" : "" }
        // The time counts from now on, although the step was put off before.
        let isRestart = deferred == .zero && job.state.deferredFor ?? .zero > .zero
        return .string((isCheck ? "check deferred" : "deferred") + (isRestart ? " again" : ""))
    }

    /// Of the line in the history, with why the next step is due when it is; empty when nothing is worth a line: the watchdog found everything in
    /// order.
    private var what: String {
        let what =
            decision.state.status != job.state.status
            ? decision.state.status.rawValue : isFailure ? HistoryEntry.failure : isCheck ? HistoryEntry.check : ""
        guard !what.isEmpty, let reason = decision.reason, case .after = decision.timer else { return what }
        return what + HistoryEntry.because(reason)
    }

    /// Fields that seldom change, where they do; an empty value removes the field.
    private var rareFields: [RedisArgument] {
        let state = decision.state, previous = job.state
        var fields: [RedisArgument] = []
        if state.creation != previous.creation { fields += ["creation", .integer(Int64(state.creation))] }
        if state.recreations != previous.recreations { fields += ["recreations", .integer(Int64(state.recreations))] }
        if state.createIsUncertain != previous.createIsUncertain { fields += ["createIsUncertain", state.createIsUncertain ? "1" : ""] }
        if state.resumeAt != previous.resumeAt { fields += ["resumeAt", .string(state.resumeAt?.rawValue ?? "")] }
        if forgetsExport { fields += ["export", ""] }
        return fields
    }
}
