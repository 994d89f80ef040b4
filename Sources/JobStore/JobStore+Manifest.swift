import ExportCore
import Redis

extension JobStore {
    /// Claims a job whose files are all stored, for its manifest.
    /// - Returns: `nil` when there is nothing to do: not all are stored, or the job is over.
    public func claimManifest(of id: JobID, lease: Duration) async throws(JobStoreError) -> ExportJob? {
        let value = try await run(
            StoreScript.claimManifest, partition: partition(of: id), [.string(id.text), .integer(lease.milliseconds)])
        return try Self.jobs(Answer(value: value, attempted: "claim_manifest")).first
    }

    /// The stored objects of the files from `first` on, `many` files at most, in the order of the files.
    public func objects(of id: JobID, from first: Int, many: Int) async throws(JobStoreError) -> [StoredObject] {
        guard many > 0 else { return [] }
        let key = Self.tag(partition(of: id)) + "files:" + id.text
        let fields = (first..<first + many).map { RedisArgument.string("\($0).objects") }
        let answer = Answer(value: try await send("objects", [["HMGET", .string(key)] + fields])[0], attempted: "objects")
        var objects: [StoredObject] = []
        for index in 0..<many {
            let element = try answer.element(index)
            if case .null = element.value { continue }
            objects += try Self.decode([StoredObject].self, element.bytes, "objects")
        }
        return objects
    }
}
