import ExportCore
import JobStore

/// Work that was lost and is taken up again. It comes to no harm, but somebody or something took it away.
enum LossExamination {
    /// So many a process that ends can leave behind, as at every restart. The alert `LonghaulWorkLost` has the same limit.
    private static let usual = 50

    /// - Returns: `nil` if nothing was lost.
    static func finding(_ losses: Losses) -> Finding? {
        guard let last = losses.last, let most = losses.counts.max(by: { $0.value < $1.value }), most.value > 0 else { return nil }
        let parts = LostWork.allCases.compactMap { kind in losses.counts[kind].map { part(kind, $0) } }
        let ago = last < .seconds(60) ? "within the last minute" : "\(NextStep.text(Int64(last / .milliseconds(1)))) ago"
        let text = "in the last 15 minutes \(parts.joined(separator: "; ")); the last \(ago). All of it is taken up again by itself"
        // A restart loses no messages.
        guard losses.counts[.messages, default: 0] > 0 || losses.counts.values.reduce(0, +) > usual else { return .good("lost work", text) }
        return .doubtful("lost work", "\(text). \(cause(of: most.key)); see ops/runbooks/orphaned-jobs.md")
    }

    private static func part(_ kind: LostWork, _ number: Int) -> String {
        switch kind {
        case .jobs: "\(counted(number, "claimed job")) had nobody who worked on \(number == 1 ? "it" : "them")"
        case .files: "\(counted(number, "transfer")) stopped without an end"
        case .messages: "\(counted(number, "file")) had lost \(number == 1 ? "its message" : "their messages")"
        }
    }

    private static func cause(of kind: LostWork) -> String {
        switch kind {
        case .jobs: "longhaul.checks was purged or deleted, or an orchestrator ended or is frozen"
        case .files: "A worker ended or is frozen"
        case .messages: "A queue longhaul.downloads.* was purged or deleted"
        }
    }
}
