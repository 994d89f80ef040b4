import ExportCore
import Redis

/// What a claim of a partition's due timers brought.
public struct ClaimedTimers: Sendable {
    /// How long until the partition's next timer is due; zero when more are due already, `nil` when there is none.
    public var untilNext: Duration?
    /// How late each claimed timer was, in milliseconds.
    public var lateness: [Int64]
    /// Bodies for `longhaul.checks`, see `Wake`.
    public var messages: [[UInt8]]
    public var downloads: [DueDownload]
    /// Jobs that are to be put into the waiting lists of their providers.
    public var waiting: [WaitingJob]
}

/// A file whose lease ran out or whose backoff is over.
public struct DueDownload: Sendable, Equatable {
    public var id: JobID
    public var file: Int
    public var priority: JobPriority
    public var correlationID: String

    public init(id: JobID, file: Int, priority: JobPriority, correlationID: String) {
        self.id = id
        self.file = file
        self.priority = priority
        self.correlationID = correlationID
    }
}

extension JobStore {
    /// Claims up to `limit` due timers of a partition. A job's timer moves forward by `lease` and its wake is a hint; see `claim.lua`.
    public func claim(
        partition: Int, limit: Int = 400, lease: Duration, watchdog: Duration, wakesPerMessage: Int = 50
    ) async throws(JobStoreError) -> ClaimedTimers {
        let value = try await run(
            StoreScript.claim, partition: partition,
            [
                .integer(Int64(limit)), .integer(lease.milliseconds), .integer(watchdog.milliseconds), .integer(Int64(wakesPerMessage)),
            ], on: claims)
        let answer = Answer(value: value, attempted: "claim")
        let now = try answer.element(0).integer
        let next = try answer.element(1).integer
        var lateness: [Int64] = []
        for value in try answer.element(2).array { lateness.append(try Answer(value: value, attempted: "claim").integer) }
        var messages: [[UInt8]] = []
        for value in try answer.element(3).array { messages.append(try Answer(value: value, attempted: "claim").bytes) }
        return ClaimedTimers(
            untilNext: next < 0 ? nil : .milliseconds(max(next - now, 0)), lateness: lateness, messages: messages,
            downloads: try Self.downloads(answer.element(4)), waiting: try Self.waiting(answer.element(5)))
    }

    /// Takes claims back that nobody could act on: their timers fire again after `delay`.
    public func postpone(_ jobs: [(id: JobID, version: Int64)], by delay: Duration) async throws(JobStoreError) {
        for (partition, members) in Dictionary(grouping: jobs, by: { partition(of: $0.id) }) {
            var arguments: [RedisArgument] = [.integer(delay.milliseconds)]
            for job in members { arguments += [.string(job.id.text), .integer(job.version)] }
            _ = try await run(StoreScript.postpone, partition: partition, arguments)
        }
    }

    /// The heartbeat of jobs in hand: their timers move forward where the versions are the present ones.
    public func extend(_ jobs: [(id: JobID, version: Int64)], lease: Duration) async throws(JobStoreError) {
        for (partition, members) in Dictionary(grouping: jobs, by: { partition(of: $0.id) }) {
            for start in stride(from: 0, to: members.count, by: 200) {
                var arguments: [RedisArgument] = [.integer(lease.milliseconds)]
                for job in members[start..<min(start + 200, members.count)] { arguments += [.string(job.id.text), .integer(job.version)] }
                _ = try await run(StoreScript.extendJobs, partition: partition, arguments)
            }
        }
    }

    private static func waiting(_ answer: Answer) throws(JobStoreError) -> [WaitingJob] {
        var waiting: [WaitingJob] = []
        for index in stride(from: 0, to: try answer.array.count, by: 5) {
            guard let priority = JobPriority(rawValue: try answer.element(index + 1).string),
                let createdAt = Int64(try answer.element(index + 3).string), let id = JobID(try answer.element(index + 4).string)
            else { throw answer.unexpected }
            waiting.append(
                WaitingJob(
                    id: id, provider: try answer.element(index).string, priority: priority, tenant: try answer.element(index + 2).string,
                    createdAt: createdAt))
        }
        return waiting
    }

    private static func downloads(_ answer: Answer) throws(JobStoreError) -> [DueDownload] {
        var downloads: [DueDownload] = []
        for index in stride(from: 0, to: try answer.array.count, by: 4) {
            guard let priority = JobPriority(rawValue: try answer.element(index).string),
                let id = JobID(try answer.element(index + 1).string), let file = Int(try answer.element(index + 2).string)
            else { throw answer.unexpected }
            downloads.append(
                DueDownload(id: id, file: file, priority: priority, correlationID: try answer.element(index + 3).string))
        }
        return downloads
    }
}
