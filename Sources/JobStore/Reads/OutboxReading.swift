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
    let words: [ArraySlice<UInt8>]

    init?(entry: String, place: Int, _ text: [UInt8]) {
        (self.entry, self.place) = (entry, place)
        // The last word of an event of a job is its tenth, of a breaker its fifth, tabs included.
        words = text.split(separator: UInt8(ascii: "\t"), maxSplits: 9, omittingEmptySubsequences: false)
        guard words.count >= (isOfProvider ? 5 : 10) else { return nil }
    }

    var isOfProvider: Bool { words[0].elementsEqual("breaker".utf8) }

    func word(_ index: Int) -> String { String(decoding: words[index], as: UTF8.self) }

    /// What it is about: `job.PROVIDER.STATUS`, `file.PROVIDER.stored`, `act.PROVIDER.cancel`, `provider.PROVIDER.breaker.open`.
    public var topic: String {
        switch words[0].first {
        case UInt8(ascii: "s"): "job.\(word(3)).\(word(8))"
        case UInt8(ascii: "f"): "file.\(word(3)).\(word(8))"
        case UInt8(ascii: "a"): "act.\(word(3)).\(word(7))"
        default: "provider.\(word(1)).breaker.\(word(2))"
        }
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
    /// - Returns: for each source its lines, and the entry up to which they go; a source without entries is missing. A line that says nothing
    ///   is left out.
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
                    if let line = OutboxLine(entry: id, place: place, try fields[2 * place + 1].bytes) { lines.append(line) }
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

    /// How many entries wait, and how many events were dropped at the limit since the store was set up.
    public func outboxes(of sources: [OutboxSource]) async throws(JobStoreError) -> (waiting: Int, dropped: Int) {
        let keys = sources.map { Keys.outbox($0) }
        let replies = try await send(
            "outboxes", keys.map { ["XLEN", .string($0)] } + keys.map { ["HGET", .string($0 + ":state"), "dropped"] })
        var waiting = 0, dropped = 0
        for (index, reply) in replies.enumerated() {
            if index < keys.count { waiting += Int(try reply.integer) } else { dropped += Int(try reply.optional?.string ?? "0") ?? 0 }
        }
        return (waiting, dropped)
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
        func rest(_ first: Int) -> String { line.words[first...].map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\t") }
        if line.isOfProvider {
            body = .breaker(provider: line.word(1), state: line.word(2), actor: line.word(3), why: rest(4))
        } else {
            guard let version = Int64(line.word(2)) else { return nil }
            let traceparent = line.word(6)
            let job = OutboxJob(
                id: line.word(1), version: version, provider: line.word(3), tenant: line.word(4), correlationID: line.word(5),
                traceparent: traceparent.isEmpty ? nil : traceparent)
            guard let body = Body(line.word(0), job, line.word(7), line.word(8), line.word(9)) else { return nil }
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
