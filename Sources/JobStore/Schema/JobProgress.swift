import ExportCore

/// What each step changes of a job: the field `progress` of its hash. `Scripts/include/progress.lua` describes and writes it.
struct JobProgress {
    let version: Int64
    let claims: Int, attempts: Int, failures: Int, unusableAnswers: Int
    let lastPollAt: Int64?, nextPollAt: Int64?
    /// Since when the job's step is put off.
    let deferredSince: Int64?

    /// The latest checks, as `RecordedHistory` reads them.
    let checks: String?

    init?(_ text: String) {
        let parts = text.split(separator: "\u{1E}", maxSplits: 1, omittingEmptySubsequences: false)
        checks = parts.count == 2 ? String(parts[1]) : nil
        var fields = TabFields(String(parts[0]))
        guard let version = fields.number(), let claims = fields.count(), let attempts = fields.count(), let failures = fields.count(),
            let unknown = fields.count(), let last = fields.number(), let (next, deferredSince) = fields.endNumbers()
        else { return nil }
        self.deferredSince = deferredSince
        self.version = version
        (self.claims, self.attempts, self.failures, self.unusableAnswers) = (claims, attempts, failures, unknown)
        (lastPollAt, nextPollAt) = (last == 0 ? nil : last, next == 0 ? nil : next)
    }

    /// The counters that a decision sets, as the scripts take them.
    static func counts(_ state: JobState) -> String { "\(state.attempts)\t\(state.failures)\t\(state.unusableAnswers)" }
}
