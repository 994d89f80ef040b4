import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | owner | who takes the entries away |
    /// | lease | ms for which nobody else does |
    /// | many | entries at most |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isOwner | 0 if another takes them away |
    /// | now | the store's clock |
    /// | entry | its id |
    /// | kind | `lines` or `end` |
    /// | text | of lines: the job, the entry before or `-`, and the lines, separated by tabs; of an end: the job |
    static let takeTrail = StoreScript(
        "take_trail", PackageResources.take_trail_lua, arguments: "owner, lease, many", reply: "isOwner, now; each: entry, kind, text")
}

/// The place of an entry in the trail of a partition: the milliseconds at which it was made, and its number among those.
public struct TrailMark: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var milliseconds: Int64
    public var number: Int64

    /// - Parameter text: `MILLISECONDS-NUMBER`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = Int64(parts[0]), let number = Int64(parts[1]), milliseconds >= 0, number >= 0 else {
            return nil
        }
        (self.milliseconds, self.number) = (milliseconds, number)
    }

    public var description: String { "\(milliseconds)-\(number)" }

    public static func < (left: TrailMark, right: TrailMark) -> Bool {
        (left.milliseconds, left.number) < (right.milliseconds, right.number)
    }
}

/// Lines of a job's history that do not fit beside it.
public struct TrailLines: Sendable, Equatable {
    public var job: String
    /// Where the lines before these are.
    public var before: TrailMark?
    public var text: String

    public init(job: String, before: TrailMark?, text: String) {
        (self.job, self.before, self.text) = (job, before, text)
    }

    init?(_ entry: String) {
        let parts = entry.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        self.init(job: String(parts[0]), before: TrailMark(parts[1]), text: String(parts[2]))
    }
}

/// What the trail of a partition holds until a worker takes it away.
public struct TrailPage: Sendable {
    public var now: Int64
    public var lines: [(mark: TrailMark, lines: TrailLines)] = []
    /// Jobs that have ended.
    public var ended: [(mark: TrailMark, job: JobID)] = []
    /// Entries that say nothing.
    public var damaged: [TrailMark] = []
    /// More may follow.
    public var isFull = false
}

extension JobStore {
    /// The oldest entries of a partition's trail. They stay until `forgetTrail`.
    /// - Parameters:
    ///   - owner: who takes them away; nobody else gets any while the lease lasts.
    /// - Returns: `nil` if another takes them away.
    public func takeTrail(
        of partition: Int, by owner: String, lease: Duration, atMost many: Int
    ) async throws(JobStoreError) -> TrailPage? {
        let reply = try await run(
            .takeTrail, partition: partition, [.string(owner), .integer(lease.milliseconds), .integer(Int64(many))])
        guard try reply.element("isOwner").integer == 1 else { return nil }
        var page = TrailPage(now: try reply.element("now").integer)
        let items = try reply.items
        page.isFull = items.count >= many
        for item in items {
            let values = item.map { Reply($0, "take_trail") }
            guard let mark = TrailMark(try values[0].string) else { throw reply.unexpected }
            let kind = try values[1].string, text = try values[2].string
            if kind == "lines", let lines = TrailLines(text) {
                page.lines.append((mark, lines))
            } else if kind == "end", let id = JobID(text) {
                page.ended.append((mark, id))
            } else {
                page.damaged.append(mark)
            }
        }
        return page
    }

    /// Removes entries that are stored elsewhere.
    public func forgetTrail(of partition: Int, _ marks: [TrailMark]) async throws(JobStoreError) {
        guard !marks.isEmpty else { return }
        _ = try await send("forget trail", [["XDEL", Keys.trail(partition)] + marks.map { .string($0.description) }])
    }

    /// The lines of one entry; `nil` if a worker has taken them away.
    public func trailLines(at mark: TrailMark, of id: JobID) async throws(JobStoreError) -> TrailLines? {
        let text = RedisArgument.string(mark.description)
        let reply = try await send("trail", [["XRANGE", Keys.trail(partition(of: id)), text, text]])[0]
        guard let entry = try reply.elements.first else { return nil }
        let fields = try entry.element(1)
        guard try fields.element(0).string == "lines" else { return nil }
        return TrailLines(try fields.element(1).string)
    }

    /// Whether histories that become long move into the trail, and those of ended jobs are stored. It holds for all processes.
    public func keepTrail(_ isOn: Bool) async throws(JobStoreError) {
        _ = try await send(
            "trail on or off",
            (0..<partitions).map {
                let key = RedisArgument.string(Keys.trailText($0) + ":off")
                return isOn ? ["DEL", key] : ["SET", key, "1"]
            })
    }

    /// The entries that wait for a worker, and the lines that were lost at the limit.
    public func trails() async throws(JobStoreError) -> StreamBacklog {
        try await backlog("trails", of: (0..<partitions).map { Keys.trailText($0) })
    }
}
