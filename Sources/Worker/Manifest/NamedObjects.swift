import ExportCore
import JobStore
import Logging
import ObjectStorage

/// The objects that a manifest names, kept for a job that has left an export behind: what is left of that export's objects goes before the
/// manifest is written, so that whoever reads the folder sees no row twice.
struct NamedObjects {
    private var fullKeys: Set<String> = []

    /// `nil` for a job with its first export, whose folder holds nothing else.
    init?(of job: Job) {
        guard job.state.creation > 0 else { return nil }
    }

    mutating func insert(_ object: StoredObject) { fullKeys.insert(object.key) }

    /// Removes what the manifest does not name from the job's folder. The claim is confirmed right before each removal.
    /// - Returns: `false` when the job no longer waits for its manifest.
    func removeOthers(
        in storage: any ObjectStorage, _ key: ObjectKey, _ claim: inout ManifestClaim, _ store: JobStore, _ logger: Logger
    ) async throws -> Bool {
        do {
            var token: String?
            repeat {
                let page = try await storage.list(prefix: key.folder + "/", after: token)
                let others = page.keys.filter { $0 != key.manifest && $0 != key.history && !fullKeys.contains(storage.fullKey($0)) }
                token = page.next
                if others.isEmpty { continue }
                if !claim.isFresh, try await !claim.renew(in: store) { return false }
                try await storage.delete(keys: others)
                logger.notice("removed \(others.count) objects of an export that the job left behind")
            } while token != nil
        } catch let error as ObjectStorageError where error.kind == .accessDenied {
            // No reason to fail the job: the manifest names what belongs to it.
            logger.error("objects of an export that the job left behind stay; allow listing and deleting objects: \(error)")
        }
        return true
    }
}
