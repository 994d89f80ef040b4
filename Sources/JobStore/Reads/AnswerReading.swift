import ExportCore
import Redis

/// An answer of the provider to a request for a job that was not the wanted one, in one line.
public struct StoredAnswer: Sendable, Equatable {
    /// Milliseconds since the job's creation.
    public var at: Int64
    public var text: String

    public init(at: Int64, text: String) {
        self.at = at
        self.text = text
    }

    /// The answers of the field `answers`, oldest first; malformed lines are left out.
    static func decode(_ field: String) -> [StoredAnswer] {
        field.split(separator: "\n").suffix(3).compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let at = Int64(parts[0]) else { return nil }
            return StoredAnswer(at: at, text: String(parts[1]))
        }
    }
}

extension JobStore {
    /// The last answers of the provider that delayed the job, oldest first, at most three; empty if there were none or no such job.
    public func answers(of id: JobID) async throws(JobStoreError) -> [StoredAnswer] {
        let field = try await send("answers", [["HGET", jobKey(id), "answers"]])[0]
        return StoredAnswer.decode(try field.optional?.string ?? "")
    }
}
