import ExportCore
import Redis

extension ExportJob {
    /// A job from its hash. `nil` for a hash that is none: another program's, or one that has just expired.
    /// - Parameters:
    ///   - now: Redis's clock in milliseconds, for the time that the job has waited; `nil` leaves it zero.
    init?(_ id: JobID, fields: [String: String], now: Int64?) {
        guard let status = fields["status"].flatMap(JobStatus.init(rawValue:)), let progress = fields["progress"].flatMap(JobProgress.init),
            let request = fields["request"].flatMap(JobRequest.init), let createdAt = fields["createdAt"].flatMap(Int64.init)
        else { return nil }
        func number(_ field: String) -> Int { fields[field].flatMap { Int($0) } ?? 0 }
        self.init(
            id: id, provider: request.provider, parameters: request.parameters,
            priority: fields["priority"].flatMap(JobPriority.init(rawValue:)) ?? .normal, tenant: request.tenant,
            correlationID: request.correlationID ?? id.text, webhook: fields["webhook"], traceparent: fields["traceparent"],
            state: JobState(
                status: status, attempts: progress.attempts, failures: progress.failures,
                unknownStatuses: progress.unknownStatuses, claims: progress.claims, filesTotal: number("filesTotal"),
                filesDone: number("filesDone"), filesFailed: number("filesFailed"), manifestClaims: number("manifestClaims"),
                creation: number("creation"), recreations: number("recreations"), createIsUncertain: fields["createIsUncertain"] == "1",
                resumeAt: fields["resumeAt"].flatMap(JobStatus.init(rawValue:)),
                waited: now.map { .milliseconds(max($0 - (fields["since"].flatMap(Int64.init) ?? createdAt), 0)) } ?? .zero),
            version: progress.version, createdAt: createdAt, lastPollAt: progress.lastPollAt,
            nextPollAt: progress.nextPollAt, expiresAt: fields["expiresAt"].flatMap(Int64.init),
            error: fields["errorCode"].map { JobError(code: $0, message: fields["errorMessage"] ?? "") },
            fileError: fields["fileError"].flatMap(JobError.init(line:)), isCancelRequested: fields["cancel"] == "1",
            mayBeCreatedTwice: fields["createdTwice"] != nil, exportHandle: fields["export"], listingCursor: fields["listingCursor"])
    }
}

extension JobError {
    /// From a code, a space and the message, as `fail_file.lua` keeps them.
    init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let code = parts.first, !code.isEmpty else { return nil }
        self.init(code: String(code), message: parts.count > 1 ? String(parts[1]) : "")
    }
}
