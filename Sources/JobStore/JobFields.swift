import ExportCore
import Redis

extension ExportJob {
    /// A job from its hash. `nil` for a hash that is none: another program's, or one that has just expired.
    /// - Parameters:
    ///   - now: Redis's clock in milliseconds, for the time that the job has waited; `nil` leaves it zero.
    init?(fields: [String: String], now: Int64?) {
        guard let name = fields["exportJobId"], let id = JobID(name), let provider = fields["provider"],
            let status = fields["status"].flatMap(JobStatus.init(rawValue:)), let version = fields["version"].flatMap(Int64.init),
            let createdAt = fields["createdAt"].flatMap(Int64.init)
        else { return nil }
        func number(_ field: String) -> Int { fields[field].flatMap { Int($0) } ?? 0 }
        self.init(
            id: id, provider: provider, parameters: fields["parameters"] ?? "{}",
            priority: fields["priority"].flatMap(JobPriority.init(rawValue:)) ?? .normal, tenant: fields["tenant"] ?? "default",
            correlationID: fields["correlationId"] ?? name, webhook: fields["webhook"], traceparent: fields["traceparent"],
            state: JobState(
                status: status, attempts: number("attempts"), failures: number("failures"),
                unknownStatuses: number("unknownStatuses"), claims: number("claims"), filesTotal: number("filesTotal"),
                filesDone: number("filesDone"), filesFailed: number("filesFailed"), manifestClaims: number("manifestClaims"),
                creation: number("creation"),
                recreations: number("recreations"), createIsUncertain: fields["createIsUncertain"] == "1",
                resumeAt: fields["resumeAt"].flatMap(JobStatus.init(rawValue:)),
                waited: now.map { .milliseconds(max($0 - (fields["since"].flatMap(Int64.init) ?? createdAt), 0)) } ?? .zero),
            version: version, createdAt: createdAt, lastPollAt: fields["lastPollAt"].flatMap(Int64.init),
            nextPollAt: fields["nextPollAt"].flatMap(Int64.init), expiresAt: fields["expiresAt"].flatMap(Int64.init),
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
