/// Where a person's browser is sent back to, and where the token goes.
public struct LoginPlace: Sendable {
    /// `nil` lets the system choose one.
    public let port: Int?
    public let path: String
    /// The secrets that the provider file reads the token from; empty if it is kept in the store.
    public let secrets: [String]

    init?(_ plan: ProviderPlan) {
        guard case .session(let session) = plan.credentials, let login = session.login else { return nil }
        (port, path, secrets) = (login.port, login.path, session.firstSecrets.sorted())
    }
}
