import ExportCore
import Redis

/// How many jobs have each status.
public typealias StatusCounts = [JobStatus: Int]

/// The jobs of a provider that have a status.
public struct ProviderStatus: Sendable, Hashable {
    public var provider: String
    public var status: JobStatus

    public init(provider: String, status: JobStatus) { (self.provider, self.status) = (provider, status) }
}

extension JobStore {
    public func counts() async throws(JobStoreError) -> StatusCounts {
        var counts = StatusCounts(uniqueKeysWithValues: JobStatus.allCases.map { ($0, 0) })
        for (key, number) in try await countsByProvider() { counts[key.status, default: 0] += number }
        return counts
    }

    /// How many jobs of each provider have each status; those that are 0 are missing.
    public func countsByProvider() async throws(JobStoreError) -> [ProviderStatus: Int] {
        var counts: [ProviderStatus: Int] = [:]
        for reply in try await send("counts", (0..<partitions).map { ["HGETALL", Keys.counts($0)] }) {
            for (field, value) in try reply.hash {
                let words = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
                guard words.count == 2, let status = JobStatus(rawValue: String(words[0])), let number = Int(value) else {
                    throw reply.unexpected
                }
                counts[ProviderStatus(provider: String(words[1]), status: status), default: 0] += number
            }
        }
        return counts
    }

    /// How long ago the job that has had its status for longest got it. POLLING is missing: it has no index.
    public func longest() async throws(JobStoreError) -> [JobStatus: Duration] {
        let statuses: [JobStatus] = [.pending, .ready, .processing]
        let places = (0..<partitions).flatMap { partition in statuses.map { (partition: partition, status: $0) } }
        let replies = try await send(
            "longest", [["TIME"]] + places.map { ["ZRANGE", Keys.status($0.status, $0.partition), 0, 0, "WITHSCORES"] })
        let now = try replies[0].milliseconds
        var longest = Dictionary(uniqueKeysWithValues: statuses.map { ($0, Duration.zero) })
        for (place, reply) in zip(places, replies.dropFirst()) where try !reply.array.isEmpty {
            guard let since = Double(try reply.element(1).string) else { throw reply.unexpected }
            longest[place.status] = max(longest[place.status] ?? .zero, .milliseconds(now - Int64(since)))
        }
        return longest
    }

    /// Up to `limit` jobs of a status: the last that changed to it, newest first; POLLING jobs by their next check, soonest first.
    public func list(_ status: JobStatus, limit: Int) async throws(JobStoreError) -> [Job] {
        guard limit > 0 else { return [] }
        if status == .polling { return try await listPolling(limit: limit) }
        let commands = (0..<partitions).map { partition -> [RedisArgument] in
            ["ZRANGE", Keys.status(status, partition), 0, .integer(Int64(limit - 1)), "REV", "WITHSCORES"]
        }
        let newest = try await Self.ranked(send("list", commands)).sorted { $0.score > $1.score }
        return try await jobs(newest.prefix(limit).map(\.id))
    }

    /// A page of the failed jobs of a partition, in the order in which they failed.
    /// - Parameter until: jobs that failed later are left out; milliseconds of the store's clock.
    /// - Returns: how many the index holds there, and those that still exist.
    public func failed(
        in partition: Int, until: Int64, skipping: Int, limit: Int
    ) async throws(JobStoreError) -> (found: Int, jobs: [Job]) {
        let range: [RedisArgument] = ["-inf", .integer(until), "BYSCORE", "LIMIT", .integer(Int64(skipping)), .integer(Int64(limit))]
        var ids: [JobID] = []
        for element in try await send("failed", [["ZRANGE", Keys.status(.failed, partition)] + range])[0].elements {
            if let id = JobID(indexed: try element.string) { ids.append(id) }
        }
        return (ids.count, try await jobs(ids).filter { $0.state.status == .failed })
    }

    /// How many jobs failed until then.
    public func failedCount(until: Int64) async throws(JobStoreError) -> Int {
        let commands = (0..<partitions).map { partition -> [RedisArgument] in
            ["ZCOUNT", Keys.status(.failed, partition), "-inf", .integer(until)]
        }
        var count = 0
        for reply in try await send("failed", commands) { count += Int(try reply.integer) }
        return count
    }

    /// POLLING has no index of its own: its jobs are in the due set, among those of other statuses.
    private func listPolling(limit: Int) async throws(JobStoreError) -> [Job] {
        var found: [Job] = []
        var start: Int64 = 0
        while found.count < limit {
            let page: Int64 = 200
            let commands = (0..<partitions).map { partition -> [RedisArgument] in
                ["ZRANGE", Keys.due(partition), .integer(start), .integer(start + page - 1), "WITHSCORES"]
            }
            let replies = try await send("list", commands)
            if replies.allSatisfy({ $0.value.elements?.isEmpty ?? true }) { break }
            let soonest = try Self.ranked(replies).sorted { $0.score < $1.score }
            found += try await jobs(soonest.map(\.id)).filter { $0.state.status == .polling }
            start += page
        }
        return Array(found.prefix(limit))
    }

    /// Jobs and scores of sorted sets; timers of files are left out.
    private static func ranked(_ replies: [Reply]) throws(JobStoreError) -> [(score: Double, id: JobID)] {
        var found: [(score: Double, id: JobID)] = []
        for item in try replies.map({ (reply) throws(JobStoreError) in try reply.chunks(of: 2) }).joined() {
            guard let id = item[item.startIndex].text.flatMap(JobID.init(indexed:)),
                let score = item[item.startIndex + 1].text.flatMap(Double.init)
            else { continue }
            found.append((score, id))
        }
        return found
    }
}

extension JobID {
    /// The member of an index. A job that has ended stands there with its provider, after a tab.
    fileprivate init?(indexed member: String) { self.init(String(member.prefix { $0 != "\t" })) }
}
