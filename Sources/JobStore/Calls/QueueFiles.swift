import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | limit | the most files |
    /// | state | what listed files get; `token` stands for the token of each |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | outcome | more, done or closed |
    /// | correlation | the correlation id of the job |
    /// | traceparent | of the job's request; empty: none |
    /// | file | the index of a file that is queued now |
    /// | token | its token |
    static let queueFiles = StoreScript(
        "queue_files", PackageResources.queue_files_lua, arguments: "id, limit, state",
        reply: "outcome, correlation, traceparent; each: file, token")
}

/// Files of a job that were listed and are queued now. They need their messages.
public struct QueuedFiles: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        public var index: Int
        public var token: Int
    }

    public var files: [File]
    /// Whether the job may have more listed files. One call searches a bounded number of files, so there may be more when it found none.
    public var hasMore: Bool
    public var correlationID: String
    public var traceparent: String?
}

extension JobStore {
    /// Queues the next listed files of a job, each once.
    /// - Parameter decision: of `FileMachine` on `FileEvent.published`, for a listed file with any token.
    /// - Returns: no files when the job has ended or does not exist.
    public func queueFiles(of id: JobID, limit: Int, decision: FileDecision) async throws(JobStoreError) -> QueuedFiles {
        let reply = try await run(
            .queueFiles, on: id, [.string(id.text), .integer(Int64(limit)), .string(decision.state.text(token: "token"))])
        let traceparent = try reply.element("traceparent").string
        var queued = QueuedFiles(
            files: [], hasMore: try reply.element("outcome").string == "more", correlationID: try reply.element("correlation").string,
            traceparent: traceparent.isEmpty ? nil : traceparent)
        for item in try reply.items {
            guard let index = item[item.startIndex].text.flatMap({ Int($0) }),
                let token = item[item.startIndex + 1].text.flatMap({ Int($0) })
            else { throw reply.unexpected }
            queued.files.append(QueuedFiles.File(index: index, token: token))
        }
        return queued
    }
}
