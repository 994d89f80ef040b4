import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | limit | the most timers |
    /// | lease | ms that the claims last; more than 0 |
    /// | watchdog | ms until a waiting job is put into its waiting list again, at least |
    /// | wakesPerMessage | the most wakes of one message |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | now | the store's clock |
    /// | nextDue | when the next timer is due; -1: there is none |
    /// | lateness | of each claimed timer, ms |
    /// | messages | wakes, see `Wake` |
    /// | files | of each file: id, index, state, priority, correlation id, its timer's new time, 1 while its job transfers files |
    /// | waiting | provider, priority, tenant, since and id of each job that waits for its creation |
    /// | webhooks | of each webhook message: name, claim, claims in a row without a result, failed attempts, time of the first failure or empty, URL or empty, facts |
    static let claim = StoreScript(
        "claim", PackageResources.claim_lua, arguments: "limit, lease, watchdog, wakesPerMessage",
        reply: "now, nextDue, lateness, messages, files, waiting, webhooks")
}

/// The due timers of a partition that were claimed.
public struct ClaimedTimers: Sendable {
    /// How long until the partition's next timer is due; zero when more are due already, `nil` when there is none.
    public var untilNext: Duration?
    /// How late each claimed timer was, in milliseconds.
    public var lateness: [Int64]
    /// Bodies for `longhaul.checks`, see `Wake`.
    public var messages: [[UInt8]]
    /// Files whose timer fired: a lease ran out, or a backoff is over. `FileMachine` decides what follows.
    public var files: [DueFile]
    /// Jobs that the caller puts into the waiting lists of their providers.
    public var waiting: [WaitingJob]
    /// Webhook messages of which an attempt is due.
    public var webhooks: [DueWebhook]
}

/// A file whose timer fired, and what a download message says about it.
public struct DueFile: Sendable, Equatable {
    public var id: JobID
    public var index: Int
    public var state: FileState
    public var priority: JobPriority
    public var correlationID: String
    /// Where the claim moved its timer, in milliseconds of the store's clock.
    public var timer: Int64
    /// Whether its job still transfers files; otherwise the job has ended.
    public var isJobOpen: Bool
}

extension JobStore {
    /// Claims up to `limit` due timers of a partition. A claimed timer moves forward by `lease`, so that it fires again if the claim is not handled;
    /// that of a webhook message by 20 s.
    public func claim(
        partition: Int, limit: Int = 400, lease: Duration, watchdog: Duration, wakesPerMessage: Int = Wake.messageLimit
    ) async throws(JobStoreError) -> ClaimedTimers {
        let reply = try await claims.run(
            .claim, key: Keys.due(partition),
            [
                .integer(Int64(limit)), .integer(lease.milliseconds), .integer(watchdog.milliseconds), .integer(Int64(wakesPerMessage)),
            ])
        let now = try reply.element("now").integer, next = try reply.element("nextDue").integer
        var lateness: [Int64] = [], messages: [[UInt8]] = []
        for value in try reply.element("lateness").elements { lateness.append(try value.integer) }
        for value in try reply.element("messages").elements { messages.append(try value.bytes) }
        return ClaimedTimers(
            untilNext: next < 0 ? nil : .milliseconds(max(next - now, 0)), lateness: lateness, messages: messages,
            files: try Self.dueFiles(reply.element("files")), waiting: try Self.waitingJobs(reply.element("waiting")),
            webhooks: try Self.dueWebhooks(reply.element("webhooks")))
    }

    private static func dueFiles(_ reply: Reply) throws(JobStoreError) -> [DueFile] {
        var files: [DueFile] = []
        for item in try reply.chunks(of: 7) {
            let words = try strings(item, reply)
            // A state that cannot be read must not cost the other timers of the claim; its own fires again after a lease.
            guard let id = JobID(words[0]), let index = Int(words[1]), let state = FileState(text: words[2]),
                let priority = JobPriority(rawValue: words[3]), let timer = Int64(words[5])
            else { continue }
            files.append(
                DueFile(
                    id: id, index: index, state: state, priority: priority, correlationID: words[4], timer: timer,
                    isJobOpen: words[6] == "1"))
        }
        return files
    }

    private static func waitingJobs(_ reply: Reply) throws(JobStoreError) -> [WaitingJob] {
        var jobs: [WaitingJob] = []
        for item in try reply.chunks(of: 5) {
            let words = try strings(item, reply)
            guard let priority = JobPriority(rawValue: words[1]), let since = Int64(words[3]), let id = JobID(words[4]) else {
                throw reply.unexpected
            }
            jobs.append(WaitingJob(id: id, provider: words[0], priority: priority, tenant: words[2], since: since))
        }
        return jobs
    }

    private static func dueWebhooks(_ reply: Reply) throws(JobStoreError) -> [DueWebhook] {
        var webhooks: [DueWebhook] = []
        for item in try reply.chunks(of: 7) {
            // A message that cannot be read must not cost the other timers of the claim; its own fires again after a lease.
            if let webhook = DueWebhook(words: try strings(item, reply)) { webhooks.append(webhook) }
        }
        return webhooks
    }

    private static func strings(_ item: ArraySlice<RESPValue>, _ reply: Reply) throws(JobStoreError) -> [String] {
        var words: [String] = []
        for value in item { words.append(try Reply(value, reply.attempted).string) }
        return words
    }
}
