/// What each step changes of a job: the field `progress` of its hash, which `prelude.lua` describes.
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
}

/// What a wake carries of a job and nothing changes: the field `request`, see `admit.lua`.
struct JobRequest {
    let provider: String, tenant: String
    /// `nil`: the job's name.
    let correlationID: String?
    let parameters: String

    init?(_ text: String) {
        let parts = text.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4 else { return nil }
        (provider, tenant, correlationID, parameters) = (parts[0], parts[1], parts[2].isEmpty ? nil : parts[2], parts[3])
    }
}
