import ExportCore
import Redis

/// Where events wait to be published: beside the jobs of a partition, or beside a provider.
public enum OutboxSource: Sendable, Hashable {
    case partition(Int)
    case provider(String)
}

/// Something that has happened, as the script that made the change told it.
public struct OutboxEvent: Sendable, Equatable {
    /// The id within its source; later ones are larger.
    public var id: String
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
    /// The oldest events of several sources, in their order. One that cannot be read is left out, and is forgotten with those after it.
    /// - Returns: for each source the events, and the id up to which they go; a source without events is missing.
    public func events(
        of sources: [OutboxSource], atMost many: Int
    ) async throws(JobStoreError) -> [OutboxSource: (events: [OutboxEvent], last: String)] {
        let commands = sources.map { source -> [RedisArgument] in
            ["XRANGE", .string(Keys.outbox(source)), "-", "+", "COUNT", .integer(Int64(many))]
        }
        var found: [OutboxSource: (events: [OutboxEvent], last: String)] = [:]
        for (source, reply) in zip(sources, try await send("events", commands)) {
            let entries = try reply.elements
            guard let last = entries.last else { continue }
            var events: [OutboxEvent] = []
            for entry in entries {
                let line = try entry.element(1).element(1).string
                if let event = OutboxEvent(id: try entry.element(0).string, line: line) { events.append(event) }
            }
            found[source] = (events, try last.element(0).string)
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

    /// How many events wait, and how many were dropped at the limit since the store was set up.
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
    init?(id: String, line: String) {
        let parts = id.split(separator: "-")
        guard parts.count == 2, let time = Int64(parts[0]) else { return nil }
        (self.id, self.time) = (id, time)
        var words = line.split(separator: "\t", omittingEmptySubsequences: false)[...]
        switch words.popFirst() {
        case "breaker":
            guard words.count >= 4 else { return nil }
            let head = words.prefix(3).map(String.init)
            body = .breaker(provider: head[0], state: head[1], actor: head[2], why: words.dropFirst(3).joined(separator: "\t"))
        case let what?:
            guard words.count >= 9, let version = Int64(words[words.startIndex + 1]) else { return nil }
            let head = words.prefix(8).map(String.init), detail = words.dropFirst(8).joined(separator: "\t")
            let job = OutboxJob(
                id: head[0], version: version, provider: head[2], tenant: head[3], correlationID: head[4],
                traceparent: head[5].isEmpty ? nil : head[5])
            guard let body = Body(String(what), job, head[6], head[7], detail) else { return nil }
            self.body = body
        case nil: return nil
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
