import ExportCore
import Redis

/// What came of asking for permits of a rate.
public struct Permits: Sendable, Equatable {
    /// How many may go now.
    public var granted: Int
    /// When the others shall ask again: the first of them after `first`, each next one `interval` later.
    public var first: Duration
    public var interval: Duration
}

extension JobStore {
    /// Asks for permits to check exports of a provider, shared by all orchestrators.
    public func checkPermits(_ number: Int, provider: String, rate: Rate) async throws(JobStoreError) -> Permits {
        let value = try await run(
            StoreScript.permits, provider: provider,
            ["checks", .integer(Int64(number)), .string("\(rate.perSecond)"), .integer(Int64(rate.allowance))])
        let answer = Answer(value: value, attempted: "permits")
        return Permits(
            granted: Int(try answer.element(0).integer), first: .milliseconds(try answer.element(1).integer),
            interval: .microseconds(try answer.element(2).integer))
    }

    /// An export no longer runs at its provider: another one may.
    public func releaseSlot(of id: JobID, provider: String) async throws(JobStoreError) {
        _ = try await send("releasing a slot", [["ZREM", Self.slots(provider), .string(id.text)]])
    }

    /// An export goes on running at its provider, whose limit others are held to.
    func takePlace(of id: JobID, provider: String) async throws(JobStoreError) {
        let key = Self.slots(provider)
        let isLimited = try await send("taking a place", [["EXISTS", key]])[0]
        guard try Answer(value: isLimited, attempted: "taking a place").integer == 1 else { return }
        _ = try await send("taking a place", [["ZADD", key, .integer(try await now()), .string(id.text)]])
    }

    /// Looks at exports that have been in flight for longer than `age`, and frees the places of those that are not: whoever should have
    /// done so died, or could not reach the store.
    /// - Returns: how many places were freed.
    public func verifySlots(of provider: String, olderThan age: Duration) async throws(JobStoreError) -> Int {
        let key = Self.slots(provider)
        let time = try await send("verifying slots", [["TIME"]])[0]
        let now = try Self.milliseconds(Answer(value: time, attempted: "verifying slots"))
        let old = try await send(
            "verifying slots", [["ZRANGE", key, "-inf", .integer(now - age.milliseconds), "BYSCORE", "LIMIT", 0, 500]])[0]
        var ids: [JobID] = []
        for element in try Answer(value: old, attempted: "verifying slots").array {
            if let id = JobID(try Answer(value: element, attempted: "verifying slots").string) { ids.append(id) }
        }
        guard !ids.isEmpty else { return 0 }
        let idle = Set(try await idle(among: ids))
        _ = try await send(
            "verifying slots",
            ids.map { idle.contains($0) ? ["ZREM", key, .string($0.text)] : ["ZADD", key, "XX", .integer(now), .string($0.text)] })
        return idle.count
    }

    /// Those of the jobs whose export neither runs nor is just being created.
    func idle(among ids: [JobID]) async throws(JobStoreError) -> [JobID] {
        let states = try await send(
            "verifying slots",
            ids.map { ["HMGET", .string(Self.tag(partition(of: $0)) + "job:" + $0.text), "status", "progress", "queued"] })
        var idle: [JobID] = []
        for (id, state) in zip(ids, states) where try !Self.isInFlight(Answer(value: state, attempted: "verifying slots")) {
            idle.append(id)
        }
        return idle
    }

    private static func slots(_ provider: String) -> RedisArgument { .string(providerTag(provider) + "inflight") }

    /// The export runs, or is just being created.
    private static func isInFlight(_ fields: Answer) throws(JobStoreError) -> Bool {
        guard let status = try fields.element(0).optional?.string else { return false }
        if status == JobStatus.polling.rawValue { return true }
        guard let progress = JobProgress(try fields.element(1).string) else { throw fields.unexpected }
        guard status == JobStatus.pending.rawValue, progress.claims > 0 else { return false }
        return try fields.element(2).optional == nil
    }
}
