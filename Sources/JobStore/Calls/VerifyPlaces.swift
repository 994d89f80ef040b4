import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | a job that has a place |
    /// | score | of its place, as it was read |
    /// | isFree | 1 when its export does not run |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | freed | the number of places |
    static let verifyPlaces = StoreScript(
        "verify_places", PackageResources.verify_places_lua, arguments: "each: id, score, isFree", reply: "freed")
}

extension JobStore {
    /// Checks the exports that have been in flight for longer than `age`, and frees the places of those that do not run: the process that
    /// should have freed them died, or could not reach the store.
    /// - Returns: how many places were freed.
    public func verifyPlaces(of provider: String, olderThan age: Duration) async throws(JobStoreError) -> Int {
        let oldest: [RedisArgument] = ["ZRANGE", Keys.provider(provider, .inflight), 0, 499, "WITHSCORES"]
        let replies = try await send("verify places", [["TIME"], oldest])
        let limit = try replies[0].milliseconds - age.milliseconds
        var places: [(id: JobID, score: String)] = []
        for item in try replies[1].chunks(of: 2) {
            let member = item[item.startIndex].text ?? "", score = item[item.startIndex + 1].text ?? ""
            guard let id = JobID(member), let since = Double(score), since <= Double(limit) else { continue }
            places.append((id, score))
        }
        guard !places.isEmpty else { return 0 }
        let free = Set(try await notInFlight(among: places.map(\.id)))
        let arguments = places.flatMap { place -> [RedisArgument] in
            [.string(place.id.text), .string(place.score), free.contains(place.id) ? 1 : 0]
        }
        return Int(try await run(.verifyPlaces, provider: provider, arguments).element("freed").integer)
    }

    /// Those of the jobs whose export neither runs nor is being created.
    func notInFlight(among ids: [JobID]) async throws(JobStoreError) -> [JobID] {
        let jobs = try await send("verify places", ids.map { ["HMGET", jobKey($0), "status", "progress", "queued"] })
        var found: [JobID] = []
        for (id, job) in zip(ids, jobs) where try !Self.isInFlight(job) { found.append(id) }
        return found
    }

    private static func isInFlight(_ job: Reply) throws(JobStoreError) -> Bool {
        guard let status = try job.element(0).optional?.string else { return false }
        if status == JobStatus.polling.rawValue { return true }
        guard let progress = JobProgress(try job.element(1).string) else { throw job.unexpected }
        guard status == JobStatus.pending.rawValue, progress.claims > 0 else { return false }
        return try job.element(2).optional == nil
    }
}
