import ExportCore

/// A webhook message as the store keeps it: the fields `facts` and `url` of its hash. `facts` holds, separated by tabs: message id, version,
/// provider, tenant, correlation id, status, time of the job's creation, time of its end, files, failed files, and of a failed job code,
/// space and message. `Scripts/include/webhooks.lua` writes it.
extension WebhookMessage {
    /// - Parameter url: of the job; empty for the provider's endpoint.
    init?(name: String, facts: String, url: String) {
        guard let job = Self.job(inName: name) else { return nil }
        var fields = TabFields(facts)
        guard let id = fields.text(), let version = fields.number(), let provider = fields.text(), let tenant = fields.text(),
            let correlationID = fields.text(), let status = fields.text().flatMap(JobStatus.init(rawValue:)),
            let createdAt = fields.number(), let endedAt = fields.number(), let files = fields.count(), let failed = fields.count()
        else { return nil }
        self.init(
            id: id, job: job, version: version, provider: provider, tenant: tenant, correlationID: correlationID, status: status,
            createdAt: createdAt, endedAt: endedAt, files: files, filesFailed: failed,
            error: status == .failed ? JobError(line: fields.rest()) : nil, endpoint: url.isEmpty ? .provider : .job(url: url))
    }

    var facts: String {
        [
            id, "\(version)", provider, tenant, correlationID, status.rawValue, "\(createdAt)", "\(endedAt)", "\(files)", "\(filesFailed)",
            error.map { "\($0.code) \($0.message)" } ?? "",
        ].joined(separator: "\t")
    }

    /// Empty for the provider's endpoint.
    var ownURL: String { if case .job(let url) = endpoint { url } else { "" } }
}

/// A claimed webhook message: an attempt is due.
public struct DueWebhook: Sendable, Equatable {
    public var message: WebhookMessage
    /// The fencing token: a result is stored only by the last one who claimed the message.
    public var claim: Int64
    /// Claims in a row, this one included, that had no result.
    public var claims: Int
    /// Attempts that have failed.
    public var failures: Int
    /// The first failure, in milliseconds of the store's clock.
    public var failedAt: Int64?

    /// What `claim.lua` returns of a message.
    init?(words: [String]) {
        guard words.count == 7, let claim = Int64(words[1]), let claims = Int(words[2]), let failures = Int(words[3]),
            let message = WebhookMessage(name: words[0], facts: words[6], url: words[5])
        else { return nil }
        (self.message, self.claim, self.claims, self.failures, failedAt) = (message, claim, claims, failures, Int64(words[4]))
    }
}
