import ExportCore
import Redis

/// A file that was given up.
public struct FailedFile: Sendable, Equatable {
    public var name: String
    public var listedName: String
    /// As it was listed; it may hold a signature.
    public var url: String
    public var error: JobError
}

extension JobStore {
    /// The states of the files from `first` on, `many` at most, in one round trip. Files that do not exist, or whose state cannot be
    /// read, are missing.
    /// - Returns: also the store's clock in milliseconds, for how long a message has waited.
    public func fileStates(
        of id: JobID, from first: Int, many: Int
    ) async throws(JobStoreError) -> (now: Int64, states: [Int: FileState]) {
        let fields = (first..<first + max(many, 1)).map { RedisArgument.string("\($0).state") }
        let replies = try await send("file states", [["TIME"], ["HMGET", filesKey(id)] + fields])
        var states: [Int: FileState] = [:]
        for (position, element) in try replies[1].elements.enumerated() {
            // A state that cannot be read must not stop the watchdog of its job.
            guard let text = try element.optional?.string, let state = FileState(text: text) else { continue }
            states[first + position] = state
        }
        return (try replies[0].milliseconds, states)
    }

    /// Those of the files from `first` on, `many` at most, that were given up, with the reason.
    public func failedFiles(of id: JobID, from first: Int, many: Int) async throws(JobStoreError) -> [FailedFile] {
        guard many > 0 else { return [] }
        let fields = (first..<first + many).flatMap { [RedisArgument.string("\($0).error"), .string("\($0).name"), .string("\($0)")] }
        let reply = try await send("failed files", [["HMGET", filesKey(id)] + fields])[0]
        var failed: [FailedFile] = []
        for position in 0..<many {
            guard let error = try reply.element(position * 3).optional else { continue }
            let file = try FileTask(stored: reply.element(position * 3 + 2).bytes, "failed files")
            guard let reason = JobError(line: try error.string) else { throw error.unexpected }
            failed.append(
                FailedFile(
                    name: try reply.element(position * 3 + 1).string, listedName: file.listedName, url: file.url, error: reason))
        }
        return failed
    }

    /// The link of a file as it was listed; it may hold a signature. `nil`: there is no such file.
    public func link(ofFile index: Int, of id: JobID) async throws(JobStoreError) -> String? {
        let stored = try await send("link", [["HGET", filesKey(id), .integer(Int64(index))]])[0].optional
        return try stored.map { (stored) throws(JobStoreError) in try FileTask(stored: stored.bytes, "link").url }
    }

    /// The stored objects of the files from `first` on, `many` files at most, in the order of the files.
    public func objects(of id: JobID, from first: Int, many: Int) async throws(JobStoreError) -> [StoredObject] {
        guard many > 0 else { return [] }
        let fields = (first..<first + many).map { RedisArgument.string("\($0).objects") }
        var objects: [StoredObject] = []
        for element in try await send("objects", [["HMGET", filesKey(id)] + fields])[0].elements {
            if let stored = element.optional { objects += try StoredObject.stored(stored.bytes, "objects") }
        }
        return objects
    }
}
