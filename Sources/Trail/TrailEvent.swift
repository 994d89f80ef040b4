import Encoding
import ExportCore
import JobStore

/// A line of a job's history as people and programs read it: a line of `history.ndjson`.
///
/// ```json
/// {"time":"2026-11-30T10:53:20.000Z","event":"check","found":"running 40%","nextInSeconds":180,"because":"by the progress","actor":"…"}
/// ```
public struct TrailEvent: Sendable, Equatable {
    /// Milliseconds since 1970.
    public var time: Int64
    public var entry: HistoryEntry

    public init(time: Int64, entry: HistoryEntry) {
        (self.time, self.entry) = (time, entry)
    }

    /// What a sign stands for.
    static let names = [
        HistoryEntry.check: "check", HistoryEntry.failure: "failure", HistoryEntry.file: "file", HistoryEntry.claim: "claim",
        HistoryEntry.act: "act", HistoryEntry.lapse: "lease-expired", HistoryEntry.lost: "lost",
    ]

    /// `check`, `failure`, `file`, `claim`, `act`, `lease-expired`, `lost`; `status` when the job got another status.
    public var name: String { Self.names[entry.what] ?? "status" }

    public func write(to json: inout JSONWriter) {
        json.field("time", UTCTime(milliseconds: time))
        json.field("event", name)
        if name == "status" { json.field("status", entry.what) }
        if !entry.detail.isEmpty { json.field(entry.what == HistoryEntry.check ? "found" : "detail", entry.detail) }
        if entry.number > 1 { json.field("number", entry.number) }
        if let next = entry.nextIn { json.field("nextInSeconds", Double(Int64(next / .milliseconds(1))) / 1000) }
        if let reason = entry.reason { json.field("because", reason.words) }
        if let actor = entry.actor { json.field("actor", actor) }
    }
}

extension TrailEvent {
    /// The events of a history in their order: what a line leaves out because the one before says it is filled in.
    /// - Parameters:
    ///   - pieces: lines, in any order: checks move away earlier than what was before them.
    ///   - lost: lines that are nowhere.
    public static func all(_ pieces: [String], lost: [HistoryEntry] = [], createdAt: Int64) -> [TrailEvent] {
        var actor: String?
        return HistoryEntry.ordered(pieces.flatMap { HistoryEntry.decode($0) } + lost).compactMap { entry in
            guard entry.what != HistoryEntry.moved, entry.what != HistoryEntry.omitted else { return nil }
            var entry = entry
            // Checks and expired leases name nobody: any orchestrator makes them.
            if entry.what != HistoryEntry.check, entry.what != HistoryEntry.lapse, entry.what != HistoryEntry.lost {
                if let named = entry.actor { actor = named } else { entry.actor = actor }
            }
            return TrailEvent(time: createdAt + entry.at, entry: entry)
        }
    }
}
