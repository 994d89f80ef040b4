import ExportCore
import Redis

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
    private static let durationsKey: RedisArgument = "lh:durations"

    /// Remembers how long exports took until they were found ready.
    public func learn(_ durations: [LearnedDuration]) async throws(JobStoreError) {
        guard !durations.isEmpty else { return }
        do {
            _ = try await redis.run(
                StoreScript.learnDuration, keys: [Self.durationsKey],
                arguments: durations.flatMap { [.string("\($0.provider)\t\($0.kind)"), .integer($0.duration.milliseconds)] })
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: "learn_duration")
        }
    }

    /// How long the exports of each provider and kind usually take, by `provider TAB kind`.
    public func usualDurations() async throws(JobStoreError) -> [String: Duration] {
        let fields = try Answer(value: try await send("durations", [["HGETALL", Self.durationsKey]])[0], attempted: "durations").fields
        return fields.compactMapValues { text in
            text.split(separator: " ").last.flatMap { Int64($0) }.map { .milliseconds($0) }
        }
    }
}
