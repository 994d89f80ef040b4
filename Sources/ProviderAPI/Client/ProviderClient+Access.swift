import ExportCore

extension ProviderClient {
    /// The host of a download, and whether the request carries the provider's credentials: they go only to the origin of the base URL, unless
    /// the provider file says otherwise.
    public func downloadAccess(to url: String, _ job: JobContext) -> (host: String, withCredentials: Bool) {
        let origin = WebURL.origin(url)
        let host = origin.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "unknown"
        if case .none = plan.credentials { return (host, false) }
        if let auth = definition.download.auth { return (host, auth) }
        guard let context = try? context([], job), let base = try? base(context) else { return (host, false) }
        return (host, origin == WebURL.origin(base))
    }
}
