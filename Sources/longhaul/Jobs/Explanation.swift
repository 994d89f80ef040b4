import ExportCore
import JobStore

/// Why a job is where it is, and what happens next, in words.
struct Explanation {
    let record: JobRecord
    let objects: ObjectsLocation

    private var job: Job { record.job }
    private var state: JobState { job.state }
    private var provider: String { job.request.provider }
    private var now: Int64 { record.due.now }

    /// Why it is where it is.
    var why: String {
        switch state.status {
        case .pending: return pending
        case .polling: return polling
        case .ready:
            let listed = state.filesTotal > 0 ? ", of which \(counted(state.filesTotal, "file")) are known" : ""
            let waits = reason.map { "; requests wait: \($0)" } ?? ""
            return "The export at \(provider) became ready \(ago(entered)), and its files are being listed\(listed)" + waits + trouble + "."
        case .processing: return processing
        case .completed:
            let age = ended.map { "\(NextStep.text($0)) after its admission" } ?? "some time ago"
            return "\(job.id) was completed \(age): \(counted(state.filesDone, "file"))\(lost) at \(objects.text)."
        case .failed:
            let error = job.error.map { "\($0.code): \($0.message)" } ?? "an error that the record does not have"
            return "\(job.id) failed with \(error)\(error.hasSuffix(".") ? "" : ".")"
        }
    }

    /// What happens next.
    var next: String {
        switch state.status {
        case .completed where record.isArchived:
            return "Nothing happens any more; the store has forgotten the job, and its history stays beside its objects."
        case .failed where record.isArchived:
            return "The store has forgotten the job: nothing happens any more, and a new submission begins it again."
        case .completed: return "Nothing happens any more; the record is kept until \(JobDescription.time(job.expiresAt))."
        case .failed:
            let place = state.resumeAt.map { " continues at \($0.rawValue)" } ?? " begins again"
            return "`longhaul retry \(job.id)`\(place), until the record expires at \(JobDescription.time(job.expiresAt))."
        case .pending where record.due.isInLine:
            let earliest = record.provider.heldBack(.create).map { ", in \(NextStep.text($0 - now)) at the earliest" } ?? ""
            return "It is started as soon as \(provider) and its limits allow\(earliest); `longhaul provider list` shows them."
        case .pending, .polling, .ready, .processing: break
        }
        guard let step = record.next else { return watched }
        let subject = step.subject.map { " at \($0)" } ?? ""
        let time = step.at > step.now ? step.delay : "due now"
        guard step.isHeldBack else { return "The next \(step.what)\(subject) is \(time)\(estimate)." }
        let asked = record.waitingFile?.host ?? provider
        return "The next \(step.what)\(subject) is \(time) at the earliest, when \(asked) is asked again\(estimate)."
    }

    private var pending: String {
        let begun = "\(job.id) was admitted \(ago(job.createdAt)), and "
        if job.isCancelRequested { return begun + "its cancellation is asked for." }
        if let reason { return begun + "waits for its start at \(provider): \(reason)." }
        return begun + (state.failures > 0 ? "its export could not be created yet" : "its export is being created at \(provider)") + trouble
            + "."
    }

    private var polling: String {
        var text = "The export at \(provider) has been running for \(span(entered)) and is not ready"
        if job.isCancelRequested {
            text = "The cancellation of the export at \(provider), which has been running for \(span(entered)), is asked for"
        }
        if let last = record.history.last(where: { $0.what == "~" }), let at = job.lastPollAt {
            let number = state.attempts == 1 ? "the only check" : "the last of \(state.attempts) checks"
            text += ": \(number), \(ago(at)), found \"\(last.detail)\""
        } else if state.attempts == 0 {
            text += "; it was not checked yet"
        }
        if let reason { text += "; checks wait: \(reason)" }
        return text + trouble + "."
    }

    private var processing: String {
        let files = "\(state.filesDone) of \(counted(state.filesTotal, "file"))"
        if state.filesDone + state.filesFailed >= state.filesTotal {
            return "All files of \(job.id) have ended (\(files) stored\(lost)), and its manifest is being written" + trouble + "."
        }
        return "\(files) of \(job.id) are stored\(lost), and the others have waited for workers, or been with them, for \(span(entered))"
            + (reason.map { "; \($0)" } ?? "") + trouble + "."
    }

    /// Why requests wait. The next sentence says until when.
    private var reason: String? { record.waitsBecause(timed: false) }

    private var lost: String { state.filesFailed > 0 ? ", \(state.filesFailed) given up" : "" }

    private var trouble: String {
        guard state.failures > 0 || state.status == .processing else { return "" }
        let last = record.history.last { $0.what == "!" }.map { "the last failure: \($0.detail)" }
        if state.status == .processing { return record.waitingFile == nil ? "" : last.map { "; \($0)" } ?? "" }
        return "; \(counted(state.failures, "failure")) in a row" + (last.map { ", \($0)" } ?? "")
    }

    /// A process is at it, or its message waits in a queue.
    private var watched: String {
        guard let at = record.due.at else { return "Its timer is missing: `longhaul doctor` examines the store." }
        let rest = at > now ? "in \(NextStep.text(at - now))" : "now"
        let who = state.status == .processing ? "a worker" : "an orchestrator"
        return "That is the work of \(who); if it is lost, the job's timer brings it back \(rest)."
    }

    private var estimate: String {
        guard let usual = record.usual, let share = record.usualShare else { return "" }
        let usually = "; an export of \(provider) usually takes \(NextStep.text(Int64(usual / .milliseconds(1))))"
        return share <= 100 ? "\(usually), of which \(share) % have passed" : "\(usually), and this one takes longer"
    }

    private var entered: Int64 { record.entered ?? job.createdAt }

    /// From the admission to the end.
    private var ended: Int64? { record.history.last { $0.what == state.status.rawValue }?.at }

    private func span(_ since: Int64) -> String { NextStep.text(max(now - since, 0)) }
    private func ago(_ time: Int64) -> String { "\(span(time)) ago" }
}
