import ExportCore
import Glibc
import HTTPClient
import JQ

extension ProviderClient {
    /// The failure that a response reports: by its HTTP status, or by `error.when` even if the status is a success.
    func failure(_ answer: ProviderResponse, _ rules: ErrorRules, _ context: JQValue, _ what: String) throws(Failure) -> Failure? {
        let message = rules.text(rules.message, context)
        if answer.isSuccess {
            guard let when = rules.when, try when.isTrue(context) else { return nil }
            return Failure(
                rules.failureClass ?? .permanent, code: rules.codeWord(context) ?? "provider-error",
                message: "\(what) \(WebURL.shown(answer.url)) answered \(answer.status) with an error: \(message ?? answer.excerpt)",
                retryAfter: retryAfter(answer))
        }
        var failure = Failure.http(status: answer.status, retryAfter: retryAfter(answer), what: "\(what) \(WebURL.shown(answer.url))")
        let words = message ?? answer.excerpt
        if !words.isEmpty { failure.message += ": \(words)" }
        return failure
    }

    nonisolated func retryAfter(_ answer: ProviderResponse) -> Duration? { answer.headers.retryAfter(now: now()) }

    /// Seconds since 1970, because a Retry-After can be a date.
    nonisolated func now() -> Int64 { Int64(time(nil)) }

    /// Runs `body` over a response that can be requested again. An unexpected response may come from a proxy, so it is retried.
    func judging<Value>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        do throws(Failure) {
            return try body()
        } catch {
            var failure = error
            if failure.failureClass == .permanent { failure.failureClass = .transient }
            throw failure
        }
    }
}
