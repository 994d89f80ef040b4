import ExportCore
import Redis

/// What a claim counts against the attempts at a manifest.
public enum ManifestCount: Int64, Sendable {
    case one = 1
    case nothing = 0
    case lessOne = -1
}

/// A file that could not be fetched.
public struct FailedFile: Sendable, Equatable {
    public var name: String
    /// As it was listed; it may hold a signature.
    public var url: String
    public var error: JobError
}

extension JobStore {
    /// Claims a job whose files are all stored or given up, for its manifest.
    /// - Parameter counting: what the attempt counts: `.nothing` while it goes on, `.lessOne` when it failed by no fault of its own.
    /// - Returns: `nil` when there is nothing to do: not all are stored, or the job is over.
    public func claimManifest(of id: JobID, lease: Duration, counting: ManifestCount = .one) async throws(JobStoreError) -> ExportJob? {
        let value = try await run(
            StoreScript.claimManifest, partition: partition(of: id),
            [.string(id.text), .integer(lease.milliseconds), .integer(counting.rawValue)])
        return try Self.jobs(Answer(value: value, attempted: "claim_manifest")).first
    }

    /// The files from `first` on, `many` at most, that were given up, with why.
    public func failedFiles(of id: JobID, from first: Int, many: Int) async throws(JobStoreError) -> [FailedFile] {
        guard many > 0 else { return [] }
        let key = Self.tag(partition(of: id)) + "files:" + id.text
        let fields = (first..<first + many).flatMap { [RedisArgument.string("\($0).error"), .string("\($0).name"), .string("\($0)")] }
        let answer = Answer(value: try await send("failed files", [["HMGET", .string(key)] + fields])[0], attempted: "failed files")
        var failed: [FailedFile] = []
        for position in 0..<many {
            let error = try answer.element(position * 3)
            if case .null = error.value { continue }
            let file = try FileTask(stored: answer.element(position * 3 + 2).bytes, "failed files")
            guard let why = JobError(line: try error.string) else { throw error.unexpected }
            failed.append(FailedFile(name: try answer.element(position * 3 + 1).string, url: file.url, error: why))
        }
        return failed
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
            objects += try StoredObject.stored(element.bytes, "objects")
        }
        return objects
    }
}
