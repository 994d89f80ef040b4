import ExportCore
import JobStore
import Telemetry

/// Where jobs wait whose files are more than get their messages at once.
struct DownloadLine: Sendable {
    let store: JobStore
    let dispatcher: DownloadDispatcher
    let repeated: RateLimitedLog

    /// Lines a job up that has listed files. One that cannot be lined up now follows when its timer fires.
    /// - Returns: whether it was not there yet.
    @discardableResult
    func join(_ job: JobRequest) async -> Bool {
        do {
            let hasJoined = try await store.lineUp(job)
            await dispatcher.signal([job.priority])
            return hasJoined
        } catch {
            repeated.warning(key: "line", "files have to wait for their job's watchdog: \(error)", metadata: ["jobId": "\(job.id)"])
            return false
        }
    }
}
