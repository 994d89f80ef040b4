import ExportCore

extension Job {
    /// A job from its hash; `ops/docs/store.md` lists the fields.
    /// - Parameter now: Redis's clock in milliseconds, for the time that the job has waited; `nil` leaves it zero.
    /// - Returns: `nil` when the hash is no job: another program wrote it, or it has just expired.
    init?(_ id: JobID, hash: [String: String], now: Int64?) {
        guard let status = hash["status"].flatMap(JobStatus.init(rawValue:)), let progress = hash["progress"].flatMap(JobProgress.init),
            let packed = hash["request"], let createdAt = hash["createdAt"].flatMap(Int64.init),
            let request = JobRequest(
                id: id, packed: packed, priority: hash["priority"].flatMap(JobPriority.init(rawValue:)) ?? .normal,
                webhook: hash["webhook"], traceparent: hash["traceparent"])
        else { return nil }
        func number(_ field: String) -> Int { hash[field].flatMap { Int($0) } ?? 0 }
        let state = JobState(
            status: status, attempts: progress.attempts, failures: progress.failures, unusableAnswers: progress.unusableAnswers,
            claims: progress.claims, filesTotal: number("filesTotal"), filesDone: number("filesDone"), filesFailed: number("filesFailed"),
            manifestClaims: number("manifestClaims"), creation: number("creation"), recreations: number("recreations"),
            createIsUncertain: hash["createIsUncertain"] == "1", resumeAt: hash["resumeAt"].flatMap(JobStatus.init(rawValue:)),
            waited: now.map { .milliseconds(max($0 - (hash["since"].flatMap(Int64.init) ?? createdAt), 0)) } ?? .zero,
            deferredFor: progress.deferredSince.map { since in .milliseconds(max((now ?? since) - since, 0)) })
        self.init(
            request: request, version: progress.version, state: state, createdAt: createdAt, lastPollAt: progress.lastPollAt,
            nextPollAt: progress.nextPollAt, expiresAt: hash["expiresAt"].flatMap(Int64.init),
            error: hash["errorCode"].map { JobError(code: $0, message: hash["errorMessage"] ?? "") },
            fileError: hash["fileError"].flatMap(JobError.init(line:)), isCancelRequested: hash["cancel"] == "1",
            mayBeCreatedTwice: hash["createdTwice"] != nil, exportHandle: hash["export"], listingCursor: hash["listingCursor"],
            readyPage: hash["readyPage"], attemptsBase: number("attemptsBase"))
    }
}

/// Why a file failed, in one line: the fields `fileError` of a job and `N.error` of its files.
extension JobError {
    var line: String { "\(HistoryEntry.line(code)) \(HistoryEntry.line(message))" }

    init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let code = parts.first, !code.isEmpty else { return nil }
        self.init(code: String(code), message: parts.count > 1 ? String(parts[1]) : "")
    }
}
