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
        if let known = accounts[key] { return known }
        let account = Account(
            key, read(key), SessionKeeper("\(definition.name):\(key)", sharing: sharing, turn: turn, isChained: needsSharedSession))
        accounts[key] = account
        return account
    }

    private func read(_ key: String) -> Secrets {
        let found = Secrets(plan.secretFields, from: secretSource.of(key, names: plan.accounts?.names)) { name in
            "set \(name)__\(key), or put it into the file \(key) of the folder that \(name)_DIR names"
        }
        secrets.alsoHide(found.values)
        return found
    }

    /// Reads the secrets again: their files may have changed.
    /// - Returns: whether a secret differs from before.
    public func reloadSecrets() -> Bool {
        let old = secrets
        secrets = Secrets(plan.sharedSecretFields, from: secretSource, after: old)
        var isChanged = secrets.object != old.object || secrets.problems != old.problems
        own.secrets = secrets
        for account in accounts.values {
            let old = account.secrets
            account.secrets = read(account.key)
            if account.secrets.object != old.object || account.secrets.problems != old.problems { isChanged = true }
        }
        share()
        return isChanged
    }
}
