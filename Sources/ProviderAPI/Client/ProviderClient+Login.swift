import ExportCore
import JQ

/// The first sign-in, by a person.
extension ProviderClient {
    private var loginPlan: (session: SessionPlan, login: LoginPlan)? {
        guard case .session(let session) = plan.credentials, let login = session.login else { return nil }
        return (session, login)
    }

    /// The page to open in a browser.
    /// - Throws: `missing-secret`, `unknown-account`.
    public func loginURL(_ login: Login, account key: String) throws(Failure) -> String {
        guard let plan = loginPlan else { return "" }
        let account = account(key)
        try requireSecrets(of: account)
        return try plan.login.url(login, contexts.context(secrets: account.secrets.object, session: .emptyObject))
    }

    /// Makes sure that the session that the account has, if it has one, can be read with the key of this process.
    /// - Throws: `session-key`; `store-unavailable`.
    public func requireOpenSession(account key: String) async throws(Failure) { try await account(key).sessions.requireOpen() }

    /// Exchanges the code that the browser brought for tokens.
    /// - Returns: the refresh token, if the provider file has a secret for it. Otherwise it is kept with the account's session, which
    ///   replaces any other.
    /// - Throws: `sign-in-refused`, `no-refresh-token`; any failure of the request, or of the store.
    public func finish(_ login: Login, code: String, account key: String) async throws(Failure) -> String? {
        guard let plan = loginPlan else { return nil }
        let account = account(key)
        let given = JQValue(object: [
            ("code", JQValue(code)), ("redirect_uri", JQValue(login.redirect)), ("code_verifier", JQValue(login.verifier)),
        ])
        hide([code, login.verifier], of: account)
        let (values, lifetime) = try await obtain(plan.login.exchange, account, given)
        guard let token = (try? JQValue(json: values))?["refresh_token"]?.string else {
            let message =
                "the answer of the token endpoint has no refresh_token; ask for it with the scope or parameters that the API's pages name"
            throw Failure(.permanent, code: "no-refresh-token", message: message)
        }
        guard plan.session.first == nil else { return token }
        let content = SessionContent.json(basis: try basis(plan.session, account), plan: plan.session.fingerprint, values: values)
        try await account.sessions.replace(content, lifetime)
        return nil
    }

    /// All but the first token, which is obtained here, must be there.
    private func requireSecrets(of account: Account) throws(Failure) {
        let missing = Set(account.secrets.missing).subtracting(loginPlan?.session.firstSecrets ?? [])
        if !missing.isEmpty { try account.requireSecrets() }
    }

    /// The public key that checks the tokens of `oauth2.jwt`, as a JSON Web Key Set; `nil` if none are signed.
    /// - Throws: `missing-secret`, `unknown-account`, `invalid-key`.
    public func publicKeys(account key: String) throws(Failure) -> String? {
        guard case .session(let session) = plan.credentials, let assertion = session.assertion else { return nil }
        let account = account(key)
        try account.requireSecrets()
        return try assertion.publicKeys(contexts.context(secrets: account.secrets.object, session: .emptyObject))
    }
}
