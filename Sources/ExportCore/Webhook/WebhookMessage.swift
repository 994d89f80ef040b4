/// The end of a job, to be sent to one endpoint. The store keeps it apart from the job, whose record may expire before the last attempt.
///
/// The words are those of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): a message is sent in attempts to an endpoint.
public struct WebhookMessage: Sendable, Equatable {
    /// Who receives it.
    public enum Endpoint: Sendable, Equatable {
        /// The `webhook` of the job message.
        case job(url: String)
        /// The `webhook` of the provider file, as it is at each attempt.
        case provider
    }

    /// `webhook-id`: the same in every attempt and at every endpoint, and of no other end of a job.
    public var id: String
    public var job: JobID
    /// Of the job at its end.
    public var version: Int64
    public var provider: String
    public var tenant: String
    public var correlationID: String
    /// COMPLETED or FAILED.
    public var status: JobStatus
    /// Milliseconds of the store's clock since 1970, as `endedAt`.
    public var createdAt: Int64
    public var endedAt: Int64
    public var files: Int
    /// Files that were given up.
    public var filesFailed: Int
    /// Why the job failed.
    public var error: JobError?
    public var endpoint: Endpoint

    public init(
        id: String, job: JobID, version: Int64, provider: String, tenant: String, correlationID: String, status: JobStatus,
        createdAt: Int64, endedAt: Int64, files: Int, filesFailed: Int, error: JobError?, endpoint: Endpoint
    ) {
        (self.id, self.job, self.version, self.provider, self.tenant) = (id, job, version, provider, tenant)
        (self.correlationID, self.status, self.createdAt, self.endedAt) = (correlationID, status, createdAt, endedAt)
        (self.files, self.filesFailed, self.error, self.endpoint) = (files, filesFailed, error, endpoint)
    }

    /// Its name in the store, and its timer in the due set: `JOB#uVERSION-ENDED` for the job's own URL, `JOB#pVERSION-ENDED` for the
    /// provider's endpoint. The timer of a file has only digits after the `#`.
    public var name: String { "\(job.text)#\(endpoint == .provider ? "p" : "u")\(version)-\(endedAt)" }

    /// The job in the name of a message; `nil` if the text is no such name.
    public static func job(inName name: String) -> JobID? {
        guard let mark = name.firstIndex(of: "#"), let kind = name[mark...].dropFirst().first, kind == "p" || kind == "u" else {
            return nil
        }
        return JobID(String(name[..<mark]))
    }
}
