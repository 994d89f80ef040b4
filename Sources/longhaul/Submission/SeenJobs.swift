import ExportCore

/// The ids of a file that is being checked. An id that occurs twice must mean the same job.
struct SeenJobs {
    private var jobs: [JobID: (line: Int, request: RequestFingerprint)] = [:]

    /// Why a job cannot be sent together with those before it.
    mutating func conflict(of request: JobRequest, at line: JobLine) -> String? {
        guard let number = line.number else { return nil }
        let fingerprint = RequestFingerprint(request)
        guard let before = jobs[request.id] else {
            jobs[request.id] = (number, fingerprint)
            return nil
        }
        guard before.request != fingerprint else { return nil }
        return "exportJobId \(request.id) names another job in line \(before.line); give each job its own id"
    }
}
