import ExportCore
import JobStore

/// Stands for what a job asks for: a file may hold millions of jobs, and their requests would not fit into memory.
struct RequestFingerprint: Hashable {
    private let hash: Int

    /// The same within this process for requests without `differences`.
    init(_ request: JobRequest) {
        var hasher = Hasher()
        for text in [request.provider, request.tenant, request.webhook ?? "", request.canonicalParameters] { hasher.combine(text) }
        hash = hasher.finalize()
    }
}
