import ExportCore

/// Refusals that concern one account of several.
extension ProviderClient {
    /// The account of a job, before a request that uses it.
    /// - Throws: `account-held`; `unknown-account`.
    func usableAccount(of job: JobContext) throws(Failure) -> Account {
        let account = try account(of: job)
        let interval = definition.breaker.heldProbe
        guard !account.key.isEmpty, let wait = account.hold.wait(interval: interval, now: .now) else { return account }
        // They do not all come back at once.
        let spread = interval * Double.random(in: 0..<0.5)
        throw heldFailure(account, code: "account-held", account.hold.why ?? "", retryAfter: wait + spread)
    }

    /// The failure as it counts for its job and for the provider: what an account is refused says nothing about the others.
    func ofAccount(_ failure: Failure, _ account: Account?) -> Failure {
        guard let account, !account.key.isEmpty else { return failure }
        switch failure.failureClass {
        case .unauthorised where !failure.concernsProcess: return refused(failure, account)
        case .gone, .permanent, .notYet, .corrupt: accepted(account)
        case .unauthorised, .transient, .throttled: break
        }
        return failure
    }

    /// An answer accepts an account.
    func accepted(_ account: Account?) {
        guard let account, !account.key.isEmpty, account.hold.accepted() else { return }
        mayNoteAgain(about: Self.subject(account))
        note("provider \(definition.name): account \(account.key) is accepted again")
    }

    private func refused(_ failure: Failure, _ account: Account) -> Failure {
        let interval = definition.breaker.heldProbe
        if account.hold.refused(failure.message, interval: interval, now: .now) {
            noteOnce(
                about: Self.subject(account),
                "account \(account.key) was refused three times, and its jobs wait while one request in \(interval) tries it: \(failure.message)"
            )
        }
        let isHeld = account.hold.why != nil
        var refused = heldFailure(account, code: failure.code, failure.message, retryAfter: isHeld ? interval : failure.retryAfter)
        (refused.answer, refused.fix, refused.mayHaveRun) = (failure.answer, failure.fix, failure.mayHaveRun)
        refused.countsAsAttempt = !isHeld && failure.countsAsAttempt
        return refused
    }

    private func heldFailure(_ account: Account, code: String, _ why: String, retryAfter: Duration?) -> Failure {
        var failure = Failure(.notYet, code: code, message: "account \(account.key): \(why)", retryAfter: retryAfter)
        failure.concernsAccount = true
        return failure
    }

    private static func subject(_ account: Account) -> String { "account-\(account.key)" }
}
