import ExportCore
import JQ

/// What requests authenticate with: secrets, and the session that they began. All jobs share one account, or each value of `secrets.by` has
/// its own.
final class Account {
    /// The value of `secrets.by`; empty for the account that all jobs share.
    let key: String
    /// The names of the secrets that each account has for itself; `nil`: all.
    private let ownNames: Set<String>?
    var secrets: Secrets
    let sessions: SessionKeeper
    /// The session that requests use now.
    var session: (values: JQValue, id: String, renewAt: ContinuousClock.Instant)?

    /// Of one account of several.
    var hold = AccountHold()

    /// When a request last used it.
    var usedAt = ContinuousClock.now

    /// Of `auth: {tokens: …}`.
    var tokens = TokenStates()

    init(_ key: String, ownNames: Set<String>? = nil, _ secrets: Secrets, _ sessions: SessionKeeper) {
        (self.key, self.ownNames, self.secrets, self.sessions) = (key, ownNames, secrets, sessions)
    }

    /// Whether the session needs nothing now.
    var isSignedIn: Bool { session.map { .now < $0.renewAt } ?? false }

    /// - Throws: why no request that uses secrets can be sent: `missing-secret`, unauthorised, as for the account that all jobs share. If only
    ///   secrets of this account are missing, which concerns no other: `unknown-account`, permanent, or `unreadable-secret`, not yet.
    func requireSecrets() throws(Failure) {
        guard let refusal = secrets.refusal else { return }
        guard !key.isEmpty, secrets.missing.allSatisfy({ ownNames?.contains($0) ?? true }) else { throw refusal }
        if secrets.unreadable.isEmpty { throw Failure(.permanent, code: "unknown-account", message: refusal.message) }
        var failure = Failure(.notYet, code: "unreadable-secret", message: refusal.message, retryAfter: .seconds(60))
        (failure.countsAsAttempt, failure.concernsAccount) = (false, true)
        throw failure
    }
}
