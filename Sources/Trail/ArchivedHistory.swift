import Encoding
import ExportCore
import Foundation
import JobStore

/// `history.ndjson`, which stands beside a job's manifest and outlives the job's record: the job in the first line, and an event in each of the
/// others.
public struct ArchivedHistory: Sendable {
    public var job: Job
    public var events: [TrailEvent]

    static let contentType = "application/x-ndjson"
    /// A job with a hundred thousand files has some 30 MB.
    static let longest = 256 << 20

    /// The first line.
    static func head(_ job: Job, location: String, isIncomplete: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("exportJobId", job.id.text)
            json.field("provider", job.request.provider)
            json.field("parameters", json: job.request.parameters)
            json.field("tenant", job.request.tenant)
            json.field("priority", job.request.priority.rawValue)
            json.field("correlationId", job.request.correlationID)
            json.field("status", job.state.status.rawValue)
            json.field("createdAt", UTCTime(milliseconds: job.createdAt))
            json.field("checks", job.state.attempts)
            json.field("files", job.state.filesTotal)
            json.field("filesStored", job.state.filesDone)
            json.field("filesFailed", job.state.filesFailed)
            if let error = job.error {
                json.object("error") {
                    $0.field("code", error.code)
                    $0.field("message", error.message)
                }
            }
            json.field("objects", location)
            if isIncomplete { json.field("incomplete", true) }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    static func line(_ event: TrailEvent) -> [UInt8] {
        var writer = JSONWriter(capacity: 192)
        writer.object { event.write(to: &$0) }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private struct Head: Decodable {
        struct Problem: Decodable { let code: String, message: String }
        let exportJobId: String, provider: String, tenant: String, priority: String, correlationId: String, status: String,
            createdAt: String
        let checks: Int, files: Int, filesStored: Int, filesFailed: Int
        let error: Problem?
    }

    private struct Line: Decodable {
        let time: String, event: String
        let status: String?, found: String?, detail: String?, because: String?, actor: String?
        let number: Int?
        let nextInSeconds: Double?
    }

    /// - Throws: `TrailError` if the bytes are no history.
    public init(_ bytes: [UInt8], _ key: String) throws(TrailError) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"))[...]
        do {
            guard let first = lines.popFirst() else { throw TrailError.unreadable(key, "it is empty") }
            let head = try JSONDecoder().decode(Head.self, from: Data(first))
            let parameters = (try JSONSerialization.jsonObject(with: Data(first)) as? [String: Any])?["parameters"] ?? [:]
            let text = try JSONSerialization.data(withJSONObject: parameters, options: [.sortedKeys, .withoutEscapingSlashes])
            guard let id = JobID(head.exportJobId), let status = JobStatus(rawValue: head.status), let created = UTCTime(head.createdAt)
            else { throw TrailError.unreadable(key, "its first line describes no job") }
            let state = JobState(
                status: status, attempts: head.checks, filesTotal: head.files, filesDone: head.filesStored, filesFailed: head.filesFailed)
            job = Job(
                request: JobRequest(
                    id: id, provider: head.provider, parameters: String(decoding: text, as: UTF8.self),
                    priority: JobPriority(rawValue: head.priority) ?? .normal, tenant: head.tenant, correlationID: head.correlationId),
                version: 0, state: state, createdAt: created.milliseconds,
                error: head.error.map { JobError(code: $0.code, message: $0.message) })
            events = []
            for line in lines {
                let line = try JSONDecoder().decode(Line.self, from: Data(line))
                guard let time = UTCTime(line.time)?.milliseconds else { throw TrailError.unreadable(key, "an event without a time") }
                events.append(TrailEvent(time: time, entry: Self.entry(line, at: time - created.milliseconds)))
            }
        } catch let error as TrailError {
            throw error
        } catch {
            throw .unreadable(key, "\(error)")
        }
    }

    private static func entry(_ line: Line, at: Int64) -> HistoryEntry {
        let sign = TrailEvent.names.first { $0.value == line.event }?.key
        return HistoryEntry(
            at: at, what: sign ?? line.status ?? line.event, detail: line.found ?? line.detail ?? "", number: line.number ?? 1,
            nextIn: line.nextInSeconds.map { .milliseconds(Int64(($0 * 1000).rounded())) },
            reason: line.because.flatMap { words in DelayReason.allCases.first { $0.words == words } }, actor: line.actor)
    }
}
