import ExportCore
import JobStore

/// The ids of a file that is being checked. An id that occurs twice must mean the same job.
struct SeenJobs {
    private var jobs: [JobID: (line: Int, request: Int)] = [:]

    /// Why a job cannot be sent together with those before it.
    mutating func conflict(of request: JobRequest, at line: JobLine) -> String? {
        guard let number = line.number else { return nil }
        // A hash instead of the request: a file may hold millions.
        var hasher = Hasher()
        for text in [request.provider, request.tenant, request.webhook ?? "", request.canonicalParameters] { hasher.combine(text) }
        let hash = hasher.finalize()
        guard let before = jobs[request.id] else {
            jobs[request.id] = (number, hash)
            return nil
        }
        guard before.request != hash else { return nil }
        return "exportJobId \(request.id) names another job in line \(before.line); give each job its own id"
    }
}
