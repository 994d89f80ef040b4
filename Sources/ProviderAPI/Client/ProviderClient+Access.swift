import ExportCore
import JQ

extension ProviderClient {
    /// Where a file is downloaded from, and whether the request carries the provider's credentials: they go only to the origin of the base
    /// URL, to hosts that the provider file names, and to S3, unless the provider file says otherwise.
    struct DownloadAddress {
        var url: String
        /// Whether the provider file may be trusted with its host.
        var isOwn: Bool
        var withCredentials: Bool
        /// Signs the request; `nil`: `auth` does.
        var s3: AWSPlan?
    }

    /// The host of a download, and whether the request carries credentials.
    /// - Parameter exportHandle: of the download, if the address may depend on it.
    public func downloadAccess(
        to file: DownloadTarget, _ job: JobContext, exportHandle: String? = nil
    ) -> (host: String, withCredentials: Bool) {
        let usual = Self.host(ofOrigin: WebURL.origin(file.url))
        if case .none = plan.credentials, plan.download.request == nil, plan.download.s3 == nil { return (usual, false) }
        // Decided without the credentials: a secret may be missing. What gives no address fails the download itself.
        let parts = plan.base.parts.union(plan.download.requestParts)
        guard
            let account = try? account(of: job),
            let context = try? contexts.context(
                parts, job, exportHandle: exportHandle, page: nil, secrets: account.secrets.object, file: file),
            let address = try? address(of: file, context, account, JSONSources(handle: exportHandle))
        else { return (usual, false) }
        return (Self.host(ofOrigin: WebURL.origin(address.url)), address.withCredentials)
    }

    /// - Throws: `missing-secret` if the address needs one; `missing-value`, `invalid-url`.
    func address(
        of file: DownloadTarget, _ context: JQValue, _ account: Account, _ sources: JSONSources
    ) throws(Failure) -> DownloadAddress {
        if let link = S3Link(file.url), let signing = plan.download.s3 {
            return DownloadAddress(
                url: try signing.url(link, context), isOwn: false, withCredentials: true, s3: signing.keys)
        }
        let own = try ownOrigin(context, account)
        var (url, isWritten) = (file.url, false)
        if let request = plan.download.request {
            isWritten = request.line.isWrittenHost
            url = try request.url(context, sources, base: request.line.isAbsolute ? "" : try base(context))
        }
        let isOwn = isWritten || own != nil && own == WebURL.origin(url)
        var sends = file.auth ?? definition.download.auth ?? isOwn
        if case .none = plan.credentials { sends = false }
        return DownloadAddress(url: url, isOwn: isOwn, withCredentials: sends)
    }

    /// The host of an http or https URL, with its port if that is not the usual one: downloads from it are paused together.
    public static func host(of url: String) -> String? { WebURL.origin(url).map { host(ofOrigin: $0) } }

    static func host(ofOrigin origin: String?) -> String { origin.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "unknown" }

    /// The origin of the base URL.
    /// - Throws: `missing-secret` if it uses one; `missing-value`.
    func ownOrigin(_ context: JQValue, _ account: Account) throws(Failure) -> String? {
        if plan.base.usesSecrets { try account.requireSecrets() }
        return WebURL.origin(try base(context))
    }
}
