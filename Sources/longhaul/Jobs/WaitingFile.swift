import ExportCore
import JobStore
import ProviderAPI

/// A file that waits for its next attempt.
struct WaitingFile {
    /// Its number in the listing.
    let index: Int
    /// When its timer is due, in milliseconds of the store's clock.
    let at: Int64
    /// Where it is downloaded from; `nil` if its link does not say so.
    let host: String?

    var requests: RequestKind? { host.map { .download(host: $0) } }

    /// The first of the job's files that waits.
    /// - Parameter many: so many files are looked at.
    static func first(of id: JobID, among many: Int, _ store: JobStore) async throws(JobStoreError) -> WaitingFile? {
        guard let (file, at) = try await store.nextFileAttempt(of: id, from: 0, many: many) else { return nil }
        let link = try await store.link(ofFile: file, of: id)
        return WaitingFile(index: file, at: at, host: link.flatMap { ProviderClient.host(of: $0) })
    }
}
