import ExportCore
import Redis

/// What lies ahead in a partition, from a look that changes nothing.
public struct Outlook: Sendable, Equatable {
    /// How long until the next timer is due, negative when it is overdue; `nil` when there is none.
    public var untilNext: Duration?
}

extension JobStore {
    /// Looks at some partitions by one round trip: a cheap read each, where a claim would run a script.
    public func outlook(on partitions: [Int]) async throws(JobStoreError) -> [Int: Outlook] {
        guard !partitions.isEmpty else { return [:] }
        var commands: [[RedisArgument]] = [["TIME"]]
        for partition in partitions {
            commands.append(["ZRANGE", Self.dueKey(partition), 0, 0, "WITHSCORES"])
        }
        let answers: [RESPValue]
        do {
            answers = try await claims.send(all: commands)
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: "outlook")
        }
        let now = try Self.milliseconds(Answer(value: answers[0], attempted: "outlook"))
        var outlooks: [Int: Outlook] = [:]
        for (position, partition) in partitions.enumerated() {
            let first = Answer(value: answers[1 + position], attempted: "outlook")
            let hasTimer = try !first.array.isEmpty
            let due = hasTimer ? Double(try first.element(1).string) : nil
            outlooks[partition] = Outlook(untilNext: due.map { .milliseconds(Int64($0) - now) })
        }
        return outlooks
    }

    /// The answer of TIME.
    static func milliseconds(_ time: Answer) throws(JobStoreError) -> Int64 {
        guard let seconds = Int64(try time.element(0).string), let micros = Int64(try time.element(1).string) else { throw time.unexpected }
        return seconds * 1000 + micros / 1000
    }
}
