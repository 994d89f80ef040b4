import ExportCore
import Redis

/// When the timer of a job is due. Times are milliseconds of the store's clock.
public struct DueTime: Sendable, Equatable {
    /// `nil`: the job has ended or does not exist.
    public var at: Int64?
    public var now: Int64
    /// The job waits in the line of its provider: its timer only watches over that.
    public var isInLine: Bool

    public init(at: Int64?, now: Int64, isInLine: Bool = false) {
        self.at = at
        self.now = now
        self.isInLine = isInLine
    }
}

extension JobStore {
    /// How long until the next timer of each partition is due, negative when it is overdue; a partition without a timer is missing. One
    /// round trip, and a cheap read for each partition, where a claim would run a script.
    public func nextDue(on partitions: [Int]) async throws(JobStoreError) -> [Int: Duration] {
        guard !partitions.isEmpty else { return [:] }
        let commands = partitions.map { partition -> [RedisArgument] in ["ZRANGE", Keys.due(partition), 0, 0, "WITHSCORES"] }
        let replies = try await claims.send("next due", [["TIME"]] + commands)
        let now = try replies[0].milliseconds
        var due: [Int: Duration] = [:]
        for (partition, first) in zip(partitions, replies.dropFirst()) where try !first.array.isEmpty {
            guard let score = Double(try first.element(1).string) else { throw first.unexpected }
            due[partition] = .milliseconds(Int64(score) - now)
        }
        return due
    }

    /// How overdue the oldest timer is; zero when none is.
    public func oldestOverdue() async throws(JobStoreError) -> Duration {
        try await nextDue(on: Array(0..<partitions)).values.min().map { max(.zero - $0, .zero) } ?? .zero
    }

    /// When the job's timer is due.
    public func due(of id: JobID) async throws(JobStoreError) -> DueTime {
        let replies = try await send(
            "due", [["TIME"], ["ZSCORE", Keys.due(partition(of: id)), .string(id.text)], ["HGET", jobKey(id), "queued"]])
        let score = try replies[1].optional?.string
        return DueTime(
            at: score.flatMap(Double.init).map { Int64($0) }, now: try replies[0].milliseconds,
            isInLine: try replies[2].optional?.string == "1")
    }

    /// The first of the files from `first` on, `many` at most, that waits for another attempt, and when that is due.
    public func nextFileAttempt(of id: JobID, from first: Int, many: Int) async throws(JobStoreError) -> (file: Int, at: Int64)? {
        let waiting = try await fileStates(of: id, from: first, many: many).states.filter { $0.value.kind == .backoff }.keys.sorted()
        guard !waiting.isEmpty else { return nil }
        let due = Keys.due(partition(of: id))
        let replies = try await send("file timers", waiting.map { ["ZSCORE", due, .string("\(id.text)#\($0)")] })
        var next: (file: Int, at: Int64)?
        for (file, reply) in zip(waiting, replies) {
            guard let score = try reply.optional?.string, let time = Double(score), Int64(time) < next?.at ?? .max else { continue }
            next = (file, Int64(time))
        }
        return next
    }

    /// The store's clock, in milliseconds.
    public func now() async throws(JobStoreError) -> Int64 { try await send("time", [["TIME"]])[0].milliseconds }

    /// Those of the providers for which jobs wait for their creation, taken and unsettled ones included.
    public func waiting(among providers: [String]) async throws(JobStoreError) -> [String] {
        guard !providers.isEmpty else { return [] }
        let commands = providers.map { provider -> [RedisArgument] in
            ["EXISTS", Keys.provider(provider, .taken)] + JobPriority.allCases.map { Keys.tenants(provider, $0) }
        }
        var waiting: [String] = []
        for (provider, reply) in zip(providers, try await send("waiting", commands)) {
            if try reply.integer > 0 { waiting.append(provider) }
        }
        return waiting
    }
}

extension Reply {
    /// Of a reply to TIME.
    var milliseconds: Int64 {
        get throws(JobStoreError) {
            guard let seconds = Int64(try element(0).string), let micros = Int64(try element(1).string) else { throw unexpected }
            return seconds * 1000 + micros / 1000
        }
    }
}
