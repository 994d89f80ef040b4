import ExportCore
import Redis

/// The webhook messages that are not delivered yet.
public struct WebhookBacklog: Sendable, Equatable {
    public var waiting: Int
    /// How long ago the job of the oldest ended; zero if none waits.
    public var oldest: Duration
}

/// An endpoint of a provider that is disabled.
public struct DisabledEndpoint: Sendable, Equatable {
    /// In milliseconds of the store's clock.
    public var since: Int64
    public var reason: String
    /// Ends of jobs that it was not told about since.
    public var skipped: Int
}

extension JobStore {
    public func webhookBacklog() async throws(JobStoreError) -> WebhookBacklog {
        let keys = (0..<partitions).map { Keys.webhooks($0) }
        let replies = try await send(
            "webhooks", [["TIME"]] + keys.map { ["ZCARD", $0] } + keys.map { ["ZRANGE", $0, 0, 0, "WITHSCORES"] })
        var backlog = WebhookBacklog(waiting: 0, oldest: .zero)
        let now = try replies[0].milliseconds
        for (index, reply) in replies.dropFirst().enumerated() {
            guard index >= keys.count else { backlog.waiting += Int(try reply.integer); continue }
            guard try !reply.array.isEmpty else { continue }
            guard let since = Double(try reply.element(1).string) else { throw reply.unexpected }
            backlog.oldest = max(backlog.oldest, .milliseconds(now - Int64(since)))
        }
        return backlog
    }

    /// The endpoints of these providers that are disabled, by the provider's name.
    public func disabledEndpoints(of providers: [String]) async throws(JobStoreError) -> [String: DisabledEndpoint] {
        guard !providers.isEmpty else { return [:] }
        let fields = providers.flatMap { [RedisArgument.string("\($0):off"), .string("\($0):skipped")] }
        var disabled: [String: DisabledEndpoint] = [:]
        for reply in try await send("endpoints", (0..<partitions).map { ["HMGET", Keys.endpoints($0)] + fields }) {
            for (index, provider) in providers.enumerated() {
                guard let off = try reply.element(index * 2).optional?.string else { continue }
                let words = off.split(separator: " ", maxSplits: 1), known = disabled[provider]
                let since = words.first.flatMap { Int64($0) } ?? 0
                let skipped =
                    try reply.element(index * 2 + 1).optional.flatMap { (count) throws(JobStoreError) in Int(try count.string) } ?? 0
                disabled[provider] = DisabledEndpoint(
                    since: min(known?.since ?? since, since), reason: words.count > 1 ? String(words[1]) : "",
                    skipped: (known?.skipped ?? 0) + skipped)
            }
        }
        return disabled
    }
}
