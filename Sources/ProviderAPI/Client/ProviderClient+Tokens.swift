import ExportCore
import HTTPClient
import JQ

/// The token of several that a request uses.
struct UsedToken {
    let pool: TokenPool
    let index: Int
    let account: Account

    var credentials: Credentials { pool.tokens[index] }
}

extension ProviderClient {
    /// - Returns: `nil` if the provider has one way to authenticate.
    func token(for credentials: Credentials, _ job: JobContext) throws(Failure) -> UsedToken? {
        guard case .tokens(let pool) = credentials else { return nil }
        let account = try account(of: job)
        let index = pool.order == .job ? job.request.id.partition(of: pool.tokens.count) : account.tokens.choose(pool, now: .now)
        return UsedToken(pool: pool, index: index, account: account)
    }

    /// Keeps what an answer says of how many requests are left: of its token, or for `takeBudget`.
    func noteBudget(_ kind: RequestKind, _ headers: HTTPHeaders, _ token: UsedToken?) {
        // A job that has one token waits for that one.
        guard let token, token.pool.order != .job else { return noteBudget(kind, headers) }
        guard let found = RateLimitFields(headers, now: now())?.budget else { return }
        token.account.tokens.note(token.index, remaining: found.remaining, until: .now + found.reset)
    }

    /// A token that was refused or is used up is set aside. While others are left, the request is only put off: it is sent with another.
    func passedOn(_ failure: Failure, _ token: UsedToken?) -> Failure {
        guard let token, token.pool.order != .job, [.throttled, .unauthorised].contains(failure.failureClass) else { return failure }
        let usual = failure.failureClass == .unauthorised ? Self.longAside : Self.usualAside
        let wait = failure.retryAfterSeconds.map { Duration.seconds($0) } ?? usual
        token.account.tokens.setAside(token.index, until: .now + wait)
        if failure.failureClass == .unauthorised {
            noteOnce(about: "token-\(token.account.key)-\(token.index)", "auth.tokens.of[\(token.index)] was refused: \(failure.message)")
        }
        guard token.account.tokens.hasOther(than: token.index, of: token.pool, now: .now) else { return failure }
        var passed = Failure(.notYet, code: "other-token", message: failure.message, retryAfter: .seconds(1))
        (passed.answer, passed.countsAsAttempt, passed.concernsAccount) = (failure.answer, false, true)
        return passed
    }

    private static let usualAside = Duration.seconds(60)
    /// One that was refused is asked again after this time, or when secrets have changed, or when no other is left.
    private static let longAside = Duration.seconds(600)
}
