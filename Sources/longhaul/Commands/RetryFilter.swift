import ExportCore

/// Selects failed jobs for a retry in bulk. Somebody has cancelled a job on purpose, so cancelled ones must be asked for.
struct RetryFilter {
    var errorCode: String?
    var provider: String?
    var tenant: String?

    func chooses(_ job: Job) -> Bool { matches(job) && (errorCode != nil || !isCancelled(job)) }

    /// Whether a job would be chosen if it had not been cancelled.
    func isLeftOut(_ job: Job) -> Bool { matches(job) && errorCode == nil && isCancelled(job) }

    private func matches(_ job: Job) -> Bool {
        (errorCode == nil || job.error?.code == errorCode) && (provider == nil || job.request.provider == provider)
            && (tenant == nil || job.request.tenant == tenant)
    }

    private func isCancelled(_ job: Job) -> Bool { job.error?.code == JobError.cancelled }
}

/// What a retry did with its jobs.
struct RetryCounts: Equatable {
    var retried: [JobID] = []
    var notFailed = 0
    var unknown = 0
    /// Cancelled jobs that the filters matched and that were left alone.
    var cancelled = 0

    var isEmpty: Bool { retried.isEmpty && notFailed == 0 && cancelled == 0 }

    func text(dryRun: Bool) -> String {
        "\(retried.count) \(dryRun ? "would be retried" : "retried")" + (notFailed > 0 ? ", \(notFailed) not failed" : "")
            + (unknown > 0 ? ", \(unknown) unknown" : "") + (cancelled > 0 ? ", \(cancelled) cancelled left alone" : "")
    }
}
