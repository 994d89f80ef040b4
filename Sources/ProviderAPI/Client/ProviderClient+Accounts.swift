import ExportCore
import JQ

extension ProviderClient {
    /// The account whose secrets and session the requests of a job use.
    /// - Throws: `unknown-account`, permanent, if `secrets.by` gives no name for this job.
    func account(of job: JobContext) throws(Failure) -> Account {
        guard let choice = plan.accounts else { return own }
        let context = try contexts.context(choice.by.parts, job, exportHandle: nil, page: nil, secrets: .emptyObject)
        let value = try choice.by.first(context)
        guard let key = value?.string, AccountChoice.isName(key) else {
            let shown = secrets.start(of: value?.json ?? "nothing", atMost: 100)
            throw Failure(
                .permanent, code: "unknown-account",
                message: "secrets.by: gives \(shown) for this job; use 1 to 64 of the characters A-Z, a-z, 0-9, ., _ and -")
        }
        return account(key)
    }

    /// - Parameter key: empty for the account that all jobs share.
    func account(_ key: String) -> Account {
        if key.isEmpty { return own }
        if let known = accounts[key] {
            known.usedAt = .now
            return known
        }
        let keeper = SessionKeeper("\(definition.name):\(key)", sharing: sharing, turn: turn, isChained: needsSharedSession)
        let account = Account(key, ownNames: plan.accounts?.names, read(key), keeper)
        share()
        // Without its secrets it is read again with the next job: they may be put in their place meanwhile.
        if account.secrets.refusal != nil { return account }
        if accounts.count >= Self.manyAccounts { forgetIdle() }
        accounts[key] = account
        return account
    }

    /// So many accounts are kept although they are idle.
    private static let manyAccounts = 1000

    /// Forgets accounts that nobody has used for an hour. Those that come back read their secrets and their session again.
    private func forgetIdle() {
        for (key, account) in accounts where .now - account.usedAt > .seconds(3600) {
            secrets.forget(key)
            accounts[key] = nil
        }
    }

    private func read(_ key: String) -> Secrets {
        let own = plan.accounts?.names
        let found = Secrets(plan.secretFields, from: secretSource.of(key, names: own)) { name, isUnreadable in
            if !(own?.contains(name) ?? true) { return Secrets.place(name, isUnreadable) }
            return isUnreadable
                ? "check the permissions of the file \(key) in the folder that \(name)_DIR names"
                : "set \(name)__\(key), or put it into the file \(key) of the folder that \(name)_DIR names"
        }
        secrets.alsoHide(found.values)
        return found
    }

    /// Reads the secrets again: their files may have changed.
    /// - Returns: whether a secret differs from before.
    public func reloadSecrets() -> Bool {
        let old = secrets
        secrets = Secrets(plan.sharedSecretFields, from: secretSource, after: old)
        webhookSecrets = Secrets(plan.webhook?.secretFields ?? [:], from: secretSource)
        var isChanged = secrets.object != old.object || secrets.problems != old.problems
        own.secrets = secrets
        if isChanged { own.tokens = TokenStates() }
        for account in accounts.values {
            let old = account.secrets
            account.secrets = read(account.key)
            (account.hold, account.tokens) = (AccountHold(), TokenStates())
            if account.secrets.object != old.object || account.secrets.problems != old.problems { isChanged = true }
        }
        share()
        return isChanged
    }
}
