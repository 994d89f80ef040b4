import ExportCore
import Redis

/// What a job's record holds of its history.
public struct RecordedHistory: Sendable, Equatable {
    /// Of everything that has moved away but checks; empty while nothing has.
    public var summary: String
    /// What has not moved away.
    public var lines: String
    /// The latest entry of the trail with something of this job.
    public var before: TrailMark?
    /// What stands for checks that have moved away, and for lines that were lost.
    public var moved: [HistoryEntry] = []

    /// - Parameter hash: of the job.
    init(_ job: Job, _ hash: [String: String]) {
        let text = hash["history"] ?? ""
        (summary, lines) = Self.parts(of: text)
        let lastCheck = (job.lastPollAt ?? job.createdAt) - job.createdAt
        let checks = hash["progress"].flatMap { JobProgress($0) }?.checks.map { Array($0.utf8)[...].cut(at: HistoryChecks.found) }
        let listed = checks?.1.flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }
        if let listed { lines += "\(lastCheck) : \(listed)\n" }
        let words = hash["trail"]?.split(separator: " ") ?? []
        before = words.first.flatMap { TrailMark($0) }
        let at = before.map { max($0.milliseconds - job.createdAt, 0) } ?? lastCheck
        if words.count == 2, let number = Int(words[1]), number > 0 {
            // While none is listed, what the latest of them found is known.
            let found = listed == nil ? checks?.0.dropFirst(HistoryChecks.periodDigits) ?? [] : []
            moved.append(
                HistoryEntry(
                    at: listed == nil ? lastCheck : at, what: HistoryEntry.check, detail: String(decoding: found, as: UTF8.self),
                    number: number))
        }
        if let lost = hash["lost"].flatMap({ Int($0) }) {
            moved.append(HistoryEntry(at: at, what: HistoryEntry.lost, detail: "", number: lost))
        }
    }

    /// The summary, and what stands behind the line `AT =` that ends it.
    private static func parts(of text: String) -> (summary: String, lines: String) {
        let bytes = Array(text.utf8)
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = bytes[start..<end]
            if line.count > 2, line.suffix(2).elementsEqual(" =".utf8), line.dropLast(2).allSatisfy({ 0x30...0x39 ~= $0 }) {
                return (String(decoding: bytes[..<start], as: UTF8.self), String(decoding: bytes[(end + 1)...], as: UTF8.self))
            }
            start = end + 1
        }
        return ("", text)
    }

    /// Of a job whose older lines have moved away, with what stands for them.
    public var entries: [HistoryEntry] {
        HistoryEntry.ordered(HistoryEntry.decode(summary) + moved + HistoryEntry.decode(lines))
    }
}

extension HistoryEntry {
    /// By time; those of the same time stay as they are.
    public static func ordered(_ entries: [HistoryEntry]) -> [HistoryEntry] {
        entries.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }
}

extension JobStore {
    /// Empty when there is no such job, or its record has expired.
    public func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry] {
        try await recorded(id)?.history.entries ?? []
    }

    /// The job with what its record holds of its history, at one moment; `nil` when there is no such job, or its record has expired.
    public func recorded(_ id: JobID) async throws(JobStoreError) -> (job: Job, history: RecordedHistory)? {
        let reply = try await send("job", [["HGETALL", jobKey(id)]])[0]
        let hash = try reply.hash
        guard !hash.isEmpty, hash["history"] != nil else { return nil }
        guard let job = Job(id, hash: hash, now: nil) else { throw reply.unexpected }
        return (job, RecordedHistory(job, hash))
    }
}
