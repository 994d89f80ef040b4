import Logging
import ObjectStorage

/// Removes the partial uploads of killed workers, at intervals.
struct UploadSweep: Sendable {
    let storage: any ObjectStorage
    /// Longer than any transfer: a younger upload may be in progress.
    let age: Duration
    let logger: Logger

    /// Runs until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                let removed = try await storage.removeStaleUploads(olderThan: age)
                if removed > 0 { logger.notice("removed \(removed) partial uploads of dead workers") }
            } catch {
                if !Task.isCancelled { logger.warning("stale partial uploads were not removed; the next attempt follows: \(error)") }
            }
            do { try await Task.sleep(for: age / 8) } catch { return }
        }
    }
}
