import ExportCore
import Redis

extension JobStore {
    private static let durationsKey: RedisArgument = "lh:durations"

    /// Remembers how long an export of this provider and kind took until it was found ready.
    public func learn(_ duration: Duration, provider: String, kind: String) async throws(JobStoreError) {
        do {
            _ = try await redis.run(
                StoreScript.learnDuration, keys: [Self.durationsKey],
                arguments: [.string("\(provider)\t\(kind)"), .integer(duration.milliseconds)])
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
