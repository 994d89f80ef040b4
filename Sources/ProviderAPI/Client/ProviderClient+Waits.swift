import ExportCore
import Glibc
import HTTPClient
import JQ

/// When to come back, as an answer says it.
extension ProviderClient {
    /// Seconds since 1970, because a Retry-After can be a date.
    nonisolated func now() -> Int64 { Int64(time(nil)) }

    /// The wait that an answer asks for: its `Retry-After`, or that of `rule` if it is longer.
    func wait(_ answer: ProviderResponse, _ rule: WaitRule?, _ context: JQValue) -> Duration? {
        let asked = retryAfter(answer)
        switch rule?.reading(answer, context, now: now()) ?? .none {
        case .none: return asked
        case .seconds(let seconds): return max(asked ?? .zero, capped(.seconds(seconds.rounded(.up))))
        case .unreadable(let subject, let problem):
            noteOnce(about: subject, "\(subject) \(problem) and is ignored")
            return asked
        }
    }

    func retryAfter(_ answer: ProviderResponse) -> Duration? {
        guard let value = answer.headers["retry-after"] else { return nil }
        if let wait = RetryAfter.delay(value, now: now()) { return capped(wait) }
        noteOnce(about: "Retry-After", "its Retry-After is neither seconds nor a date and is ignored: \"\(value.prefix(100))\"")
        return nil
    }

    /// The wait of an answer without a `Retry-After` whose `RateLimit` fields say that nothing is left.
    func reset(_ answer: ProviderResponse) -> Duration? {
        guard [429, 420, 529, 503, 403, 400].contains(answer.status),
            let fields = RateLimitFields(answer.headers, now: now()), let reset = fields.reset
        else { return nil }
        // 400 and 403 have other causes too: only a count of 0 makes them a limit.
        let isLimit = fields.remaining.map { $0 == 0 } ?? (answer.status != 403 && answer.status != 400)
        return isLimit ? capped(reset) : nil
    }

    /// Keeps what the answer says about the budget, for `takeBudget`.
    func noteBudget(_ kind: RequestKind, _ headers: HTTPHeaders) {
        guard let found = RateLimitFields(headers, now: now())?.budget, found.reset <= Self.longestWindow else { return }
        let next = RateBudget(remaining: found.remaining, limit: found.limit, reset: capped(found.reset))
        if next.isTighter(than: budgets[kind]) { budgets[kind] = next }
    }

    /// A budget that begins again later than this is a mistake, or is none to slow down for: a 429 will say when it is used up.
    private static let longestWindow = Duration.seconds(86_400)

    /// The tightest budget that the answers to requests of a kind named since the last call; `nil` if none did. To be asked after each
    /// request.
    public func takeBudget(_ kind: RequestKind) -> RateBudget? { budgets.isEmpty ? nil : budgets.removeValue(forKey: kind) }

    /// Every wait that comes from an answer passes here: none is longer than `limits.longestPause`.
    private func capped(_ wait: Duration) -> Duration { min(wait, definition.limits.longestPause) }
}
