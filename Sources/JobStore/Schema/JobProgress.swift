import ExportCore

/// What each step changes of a job: the field `progress` of its hash. `Scripts/include/progress.lua` describes and writes it.
struct JobProgress {
    let version: Int64
    let claims: Int, attempts: Int, failures: Int, unknownStatuses: Int
    let lastPollAt: Int64?, nextPollAt: Int64?

    init?(_ text: String) {
        let numbers = text.split(separator: "\t", omittingEmptySubsequences: false).map { Int64($0) }
        guard numbers.count == 7, let version = numbers[0], let claims = numbers[1], let attempts = numbers[2], let failures = numbers[3],
            let unknown = numbers[4], let last = numbers[5], let next = numbers[6]
        else { return nil }
        self.version = version
        (self.claims, self.attempts, self.failures, self.unknownStatuses) = (Int(claims), Int(attempts), Int(failures), Int(unknown))
        (lastPollAt, nextPollAt) = (last == 0 ? nil : last, next == 0 ? nil : next)
    }

    /// The counters that a decision sets, as the scripts take them.
    static func counts(_ state: JobState) -> String { "\(state.attempts)\t\(state.failures)\t\(state.unknownStatuses)" }
}
