import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | a job |
    /// | file | a file's index |
    /// | from | the state exactly as it was read |
    /// | state | the decided state |
    /// | delay | ms until the file's timer fires; -1: it is removed |
    /// | timer | where the claim moved the file's timer; empty: the file has none |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | position | of a file that was changed, from 1 |
    static let requeueFiles = StoreScript(
        "requeue_files", PackageResources.requeue_files_lua, arguments: "each: id, file, from, state, delay, timer",
        reply: "each: position")
}

/// A decision on a file that no worker has: its timer fired, or its message seems lost.
public struct FileRequeue: Sendable {
    public var id: JobID
    public var index: Int
    public var from: FileState
    /// `DueFile.timer`, for a file whose timer was claimed. A heartbeat that came after the claim has moved it, and the file stays.
    public var timer: Int64?
    public var decision: FileDecision

    public init(id: JobID, index: Int, from: FileState, timer: Int64? = nil, decision: FileDecision) {
        self.id = id
        self.index = index
        self.from = from
        self.timer = timer
        self.decision = decision
    }
}

extension JobStore {
    /// Stores decisions on files that no worker has. Each is stored if the file is exactly as the decision found it.
    /// - Returns: those that were stored.
    public func requeueFiles(_ changes: [FileRequeue]) async throws(JobStoreError) -> [FileRequeue] {
        var stored: [FileRequeue] = []
        for (partition, members) in Dictionary(grouping: changes, by: { partition(of: $0.id) }) {
            // A script runs alone: what it does at once is bounded.
            for start in stride(from: 0, to: members.count, by: 500) {
                let page = members[start..<min(start + 500, members.count)]
                let reply = try await redis.run(.requeueFiles, key: Keys.due(partition), page.flatMap(\.arguments))
                for element in try reply.elements { stored.append(page[start + Int(try element.integer) - 1]) }
            }
        }
        return stored
    }
}

extension FileRequeue {
    fileprivate var arguments: [RedisArgument] {
        [
            .string(id.text), .integer(Int64(index)), .string(from.text), .string(decision.state.text),
            .integer(decision.timer.delay), timer.map { .integer($0) } ?? "",
        ]
    }
}
