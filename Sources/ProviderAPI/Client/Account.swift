import ExportCore
import JQ

/// What requests authenticate with: secrets, and the session that they began. All jobs share one account, or each value of `secrets.by` has
/// its own.
final class Account {
    /// The value of `secrets.by`; empty for the account that all jobs share.
    let key: String
    var secrets: Secrets
    let sessions: SessionKeeper
    /// The session that requests use now.
    var session: (values: JQValue, id: String, renewAt: ContinuousClock.Instant)?

    /// Of `auth: {tokens: …}`.
    var tokens = TokenStates()

    init(_ key: String, _ secrets: Secrets, _ sessions: SessionKeeper) {
        (self.key, self.secrets, self.sessions) = (key, secrets, sessions)
    }

    /// Whether the session needs nothing now.
    var isSignedIn: Bool { session.map { .now < $0.renewAt } ?? false }

    /// - Throws: why no request that uses secrets can be sent.
    func requireSecrets() throws(Failure) {
        guard let refusal = secrets.refusal else { return }
        if key.isEmpty { throw refusal }
        // Other jobs have their secrets.
        throw Failure(.permanent, code: "unknown-account", message: refusal.message)
    }
}
