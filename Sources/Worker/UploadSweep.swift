import Logging
import ObjectStorage

/// Removes, now and then, the partial uploads that workers left behind which were killed.
struct UploadSweep: Sendable {
    let storage: any ObjectStorage
    /// Must be longer than any transfer takes: what is younger may be somebody's work.
    let age: Duration
    let logger: Logger

    /// Until cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                let removed = try await storage.removeStaleUploads(olderThan: age)
                if removed > 0 { logger.notice("removed \(removed) partial uploads that dead workers had left behind") }
            } catch {
                if !Task.isCancelled { logger.warning("partial uploads were not looked for: \(error)") }
            }
            do { try await Task.sleep(for: age / 8) } catch { return }
        }
    }
}
