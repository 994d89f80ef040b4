import ExportCore
import JQ

extension ProviderClient {
    /// The host of a download, and whether the request carries the provider's credentials: they go only to the origin of the base URL, unless
    /// the provider file says otherwise.
    /// - Parameter exportHandle: of the download, if the base URL may depend on it.
    public func downloadAccess(
        to url: String, _ job: JobContext, exportHandle: String? = nil
    ) -> (host: String, withCredentials: Bool) {
        let origin = WebURL.origin(url)
        let host = Self.host(ofOrigin: origin)
        if case .none = plan.credentials { return (host, false) }
        if let auth = definition.download.auth { return (host, auth) }
        // Decided without the credentials: a secret may be missing. A base URL that gives no text fails the download itself.
        let context = try? contexts.context(plan.base.parts, job, exportHandle: exportHandle, page: nil, secrets: secrets.object)
        let own = context.flatMap { try? ownOrigin($0) }
        return (host, own != nil && own == origin)
    }

    static func host(ofOrigin origin: String?) -> String { origin.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "unknown" }

    /// The origin of the base URL.
    /// - Throws: `missing-secret` if it uses one; `missing-value`.
    func ownOrigin(_ context: JQValue) throws(Failure) -> String? {
        if plan.base.usesSecrets, let refusal = secrets.refusal { throw refusal }
        return WebURL.origin(try base(context))
    }
}
