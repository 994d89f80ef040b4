import Encoding
import ExportCore
import JobMessages
import JobStore
import Trail

/// The lines of a history as people read them.
enum HistoryText {
    /// `check: running 40% (14 checks), next in 3m00s (by the progress)`.
    static func describe(_ entry: HistoryEntry) -> String {
        let times = entry.number > 1 ? " (\(entry.number) \(plural[entry.what] ?? "times"))" : ""
        let detail = PrintableText.line(entry.detail, atMost: 500)
        return text(entry, detail) + times + next(entry)
    }

    private static let plural = [HistoryEntry.check: "checks", HistoryEntry.failure: "failures", HistoryEntry.file: "files"]

    private static func text(_ entry: HistoryEntry, _ detail: String) -> String {
        switch entry.what {
        case HistoryEntry.check: return "check: \(detail)"
        case HistoryEntry.failure: return Terminal.paint("failed: \(detail)", .yellow)
        case HistoryEntry.file: return detail
        case HistoryEntry.claim: return Terminal.paint("claimed: \(detail)", .grey)
        case HistoryEntry.act: return Terminal.paint("asked: \(detail)", .bold) + (entry.actor.map { " by \($0)" } ?? "")
        case HistoryEntry.lapse: return Terminal.paint("lease expired: \(detail)", .yellow)
        case HistoryEntry.omitted: return Terminal.paint("… \(counted(entry.number, "line")), see --trail", .grey)
        case HistoryEntry.lost: return Terminal.paint("… \(counted(entry.number, "line")) lost, because the trail was full", .yellow)
        default:
            let colour = JobStatus(rawValue: entry.what).map(JobDescription.colour) ?? .bold
            return Terminal.paint(entry.what, colour) + (detail.isEmpty ? "" : "  \(detail)")
        }
    }

    private static func next(_ entry: HistoryEntry) -> String {
        guard let next = entry.nextIn, let reason = entry.reason else { return "" }
        return Terminal.paint(", next in \(NextStep.text(Int64(next / .milliseconds(1)))) (\(reason.words))", .grey)
    }

    /// An event with its time and who did it.
    static func line(_ event: TrailEvent) -> String {
        let actor = event.entry.what == HistoryEntry.act ? nil : event.entry.actor
        return Terminal.paint(UTCTime(milliseconds: event.time).timestamp, .grey) + "  " + describe(event.entry)
            + (actor.map { Terminal.paint("  \($0)", .grey) } ?? "")
    }

    static func json(_ event: TrailEvent) -> String {
        var writer = JSONWriter()
        writer.object { event.write(to: &$0) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
