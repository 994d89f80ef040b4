import ExportCore
import Redis

/// Where events wait to be published: beside the jobs of a partition, or beside a provider.
public enum OutboxSource: Sendable, Hashable {
    case partition(Int)
    case provider(String)
}

/// Something that has happened, as the script that made the change told it: words separated by tabs.
public struct OutboxLine: Sendable {
    /// The entry of its outbox that holds it, and its place there: an entry holds what one script has told.
    public var entry: String
    public var place: Int
    let text: [UInt8]

    init(entry: String, place: Int, _ text: [UInt8]) { (self.entry, self.place, self.text) = (entry, place, text) }

    /// The last word of an event of a job is its tenth, of a breaker its fifth, tabs included.
    var words: [ArraySlice<UInt8>] {
        text.split(separator: UInt8(ascii: "\t"), maxSplits: isOfProvider ? 4 : 9, omittingEmptySubsequences: false)
    }

    var isOfProvider: Bool { text.first == UInt8(ascii: "b") }

    /// What it is about: `job.PROVIDER.STATUS`, `file.PROVIDER.stored`, `act.PROVIDER.cancel`, `provider.PROVIDER.breaker.open`. It is read
    /// of every event, also where nobody wants them, and therefore without taking the line apart.
    public var topic: String {
        switch text.first {
        case UInt8(ascii: "s"): topic("job.", 3, ".", 8)
        case UInt8(ascii: "f"): topic("file.", 3, ".", 8)
        case UInt8(ascii: "a"): topic("act.", 3, ".", 7)
        default: topic("provider.", 1, ".breaker.", 2)
        }
    }

    /// - Parameters:
    ///   - first: the number of a word, which comes before `second`.
    private func topic(_ beginning: String, _ first: Int, _ middle: String, _ second: Int) -> String {
        var topic: [UInt8] = [], word = 0
        topic.reserveCapacity(64)
        topic.append(contentsOf: beginning.utf8)
        for byte in text {
            if byte == UInt8(ascii: "\t") {
                word += 1
                if word == second { topic.append(contentsOf: middle.utf8) }
                if word > second { break }
            } else if word == first || word == second {
                topic.append(byte)
            }
        }
        return String(decoding: topic, as: UTF8.self)
    }
}

/// An `OutboxLine`, taken apart.
public struct OutboxEvent: Sendable, Equatable {
    /// The id within its source; later ones are larger.
    public var id: String
    public var topic: String
    /// The store's clock, in milliseconds since 1970.
    public var time: Int64
    public var body: Body

    public enum Body: Sendable, Equatable {
        /// A job has another status. `before` is `nil` at its admission; `detail` of a failed job is code, space, message.
        case status(OutboxJob, before: JobStatus?, after: JobStatus, detail: String)
        /// A file was stored or given up; `detail` is the objects as JSON, or why.
        case file(OutboxJob, index: Int, isStored: Bool, detail: String)
        /// Somebody asked for something.
        case act(OutboxJob, act: String, actor: String, detail: String)
        case breaker(provider: String, state: String, actor: String, why: String)
    }
}

/// The job of an event.
public struct OutboxJob: Sendable, Equatable {
    public var id: String
    /// Of the job when it was changed: it orders the job's events.
    public var version: Int64
    public var provider: String
    public var tenant: String
    public var correlationID: String
    public var traceparent: String?
}

extension JobStore {
    /// The oldest entries of several sources, in their order.
    /// - Returns: for each source its lines, and the entry up to which they go; a source without entries is missing.
    public func events(
        of sources: [OutboxSource], atMost many: Int
    ) async throws(JobStoreError) -> [OutboxSource: (lines: [OutboxLine], last: String)] {
        let commands = sources.map { source -> [RedisArgument] in
            ["XRANGE", .string(Keys.outbox(source)), "-", "+", "COUNT", .integer(Int64(many))]
        }
        var found: [OutboxSource: (lines: [OutboxLine], last: String)] = [:]
        for (source, reply) in zip(sources, try await send("events", commands)) {
            var lines: [OutboxLine] = [], last: String?
            for entry in try reply.elements {
                let id = try entry.element(0).string, fields = try entry.element(1).elements
                last = id
                for place in 0..<fields.count / 2 {
                    lines.append(OutboxLine(entry: id, place: place, try fields[2 * place + 1].bytes))
                }
            }
            if let last { found[source] = (lines, last) }
        }
        return found
    }

    /// Removes events up to this one: they are published.
    public func forgetEvents(of published: [OutboxSource: String]) async throws(JobStoreError) {
        guard !published.isEmpty else { return }
        _ = try await send(
            "forget events",
            published.map { source, id in ["XTRIM", .string(Keys.outbox(source)), "MINID", .string(Self.following(id))] })
    }

    /// `MS-SEQUENCE`: the next possible id.
    private static func following(_ id: String) -> String {
        let parts = id.split(separator: "-")
        guard parts.count == 2, let sequence = UInt64(parts[1]) else { return id }
        return "\(parts[0])-\(sequence + 1)"
    }

    /// The entries that wait, and the events that were dropped at the limit.
    public func outboxes(of sources: [OutboxSource]) async throws(JobStoreError) -> StreamBacklog {
        try await backlog("outboxes", of: sources.map { Keys.outbox($0) })
    }

    /// Whether events are kept for publication. It holds for all processes.
    public func keepEvents(_ isOn: Bool, of sources: [OutboxSource]) async throws(JobStoreError) {
        _ = try await send(
            "events on or off",
            sources.map { isOn ? ["DEL", .string(Keys.outbox($0) + ":off")] : ["SET", .string(Keys.outbox($0) + ":off"), "1"] })
    }
}

extension OutboxEvent {
    /// - Returns: `nil` if the line says nothing: another version wrote it.
    public init?(_ line: OutboxLine) {
        let parts = line.entry.split(separator: "-")
        guard parts.count == 2, let time = Int64(parts[0]) else { return nil }
        (id, topic, self.time) = ("\(line.entry)-\(line.place)", line.topic, time)
        let words = line.words.map { String(decoding: $0, as: UTF8.self) }
        if line.isOfProvider {
            guard words.count == 5 else { return nil }
            body = .breaker(provider: words[1], state: words[2], actor: words[3], why: words[4])
        } else {
            guard words.count == 10, let version = Int64(words[2]) else { return nil }
            let job = OutboxJob(
                id: words[1], version: version, provider: words[3], tenant: words[4],
                correlationID: words[5].isEmpty ? words[1] : words[5],
                traceparent: words[6].isEmpty ? nil : words[6])
            guard let body = Body(words[0], job, words[7], words[8], words[9]) else { return nil }
            self.body = body
        }
    }
}

extension OutboxEvent.Body {
    fileprivate init?(_ what: String, _ job: OutboxJob, _ first: String, _ second: String, _ detail: String) {
        switch what {
        case "status":
            guard let after = JobStatus(rawValue: second) else { return nil }
            self = .status(job, before: JobStatus(rawValue: first), after: after, detail: detail)
        case "file":
            guard let index = Int(first) else { return nil }
            self = .file(job, index: index, isStored: second == "stored", detail: detail)
        case "act": self = .act(job, act: first, actor: second, detail: detail)
        default: return nil
        }
    }
}
