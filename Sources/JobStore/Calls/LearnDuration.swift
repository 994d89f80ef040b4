import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | kind | provider and kind of an export, separated by a tab |
    /// | duration | ms |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | learned | the number of exports |
    static let learnDuration = StoreScript(
        "learn_duration", PackageResources.learn_duration_lua, arguments: "each: kind, duration", reply: "learned")
}

/// How long an export of a provider and kind took.
public struct LearnedDuration: Sendable, Equatable {
    public var provider: String
    public var kind: String
    public var duration: Duration

    public init(_ duration: Duration, provider: String, kind: String) {
        self.provider = provider
        self.kind = kind
        self.duration = duration
    }
}

extension JobStore {
    /// Remembers how long exports took until they were found ready.
    public func learn(_ durations: [LearnedDuration]) async throws(JobStoreError) {
        guard !durations.isEmpty else { return }
        let arguments = durations.flatMap { export -> [RedisArgument] in
            [.string("\(export.provider)\t\(export.kind)"), .integer(export.duration.milliseconds)]
        }
        _ = try await redis.run(.learnDuration, key: Keys.global(.durations), arguments)
    }

    /// How long the exports of each provider and kind usually take, by provider and kind with a tab between them.
    public func usualDurations() async throws(JobStoreError) -> [String: Duration] {
        try await send("durations", [["HGETALL", Keys.global(.durations)]])[0].hash.compactMapValues { text in
            text.split(separator: " ").last.flatMap { Int64($0) }.map { .milliseconds($0) }
        }
    }
}
