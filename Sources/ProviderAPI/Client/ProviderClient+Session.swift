import Crypto
import Encoding
import ExportCore
import Foundation
import HTTPClient
import JQ

/// Requests that authenticate with a session.
extension ProviderClient {
    /// The session that a request needs; `nil` if it needs none.
    func sessionPlan(of request: RequestTemplate) -> SessionPlan? {
        if case .session(let session) = plan.credentials(of: request) { return session }
        return nil
    }

    /// Makes sure that there is a valid session, and takes it for the requests that follow.
    /// - Parameter dead: the generation that an answer has refused.
    /// - Throws: `sign-in-refused`, unauthorised; any failure of the request that signs in.
    func signIn(_ session: SessionPlan, after dead: Int? = nil) async throws(Failure) {
        if dead == nil, isSignedIn { return }
        let current = try await sessions.session(after: dead) { last throws(Failure) in try await self.obtain(last) }
        // While another process renews it, the old one is looked at again soon.
        let next = min(max(current.renewAt, .now + .seconds(1)), current.endsAt)
        guard current.generation != self.session?.generation else {
            self.session?.renewAt = next
            return
        }
        let values = (try? JQValue(json: current.values))?["values"] ?? .emptyObject
        hide((values.entries ?? []).compactMap { $0.value.string }.filter { $0.utf8.count >= 4 })
        self.session = (values, current.generation, next)
    }

    /// Whether the session needs nothing now.
    var isSignedIn: Bool { session.map { .now < $0.renewAt } ?? false }

    /// Sends the request that signs in.
    private func obtain(_ last: String) async throws(Failure) -> (values: String, lifetime: Duration) {
        guard case .session(let session) = plan.credentials else { return ("{}", .zero) }
        if session.request.parts.union(session.assertion?.parts ?? []).contains(.secrets), let refusal = secrets.refusal { throw refusal }
        let basis = try basis(of: session)
        let record = try? JQValue(json: last)
        // What began with another first token cannot be continued with this one.
        let lastValues = record?["basis"]?.string == basis ? record?["values"] : nil
        let plain = contexts.context(secrets: secrets.object, session: .emptyObject)
        let assertion = try session.assertion?.token(plain, now: now())
        if let assertion { hide([assertion]) }
        let context = contexts.context(secrets: secrets.object, session: lastValues ?? .emptyObject, assertion: assertion)
        let sources = JSONSources(handle: "{}")
        // The provider counts from some time before its answer arrived.
        let begun = ContinuousClock.now
        let answer = try await send(.create, session.request, context, sources, isSecret: true)
        let what = "signing in at \(secrets.shown(url: answer.url)) answered \(answer.status)"
        guard answer.isSuccess else {
            var failure = Failure.http(
                status: answer.status, retryAfter: retryAfter(answer) ?? reset(answer), what: "signing in at", isCreate: false)
            let isRefused = [400, 401, 403].contains(answer.status) && failure.failureClass != .throttled
            let lost = session.isChained ? "; if its refresh token has changed and was lost, set a new one" : ""
            failure.message = "\(what): \(excerpt(answer))\(isRefused ? lost : "")"
            if isRefused { (failure.failureClass, failure.code, failure.countsAsAttempt) = (.unauthorised, "sign-in-refused", true) }
            throw reported(failure, answer)
        }
        let answered = contexts.context(session.answerParts, context, answer: answer)
        var answerSources = sources
        answerSources.answer = answer.bytes
        do throws(Failure) {
            let values = try session.values.handle(answered, answerSources)
            return ("{\"basis\":\(JQValue(basis).json),\"values\":\(values)}", max(try lifetime(session, answered) - (.now - begun), .zero))
        } catch {
            // The body holds secrets that are not known yet: it is not quoted.
            throw Failure(
                .transient, code: "unexpected-answer", message: "\(what), which does not hold what the session needs: \(error.code)")
        }
    }

    /// Tells the first token of a chain from another.
    private func basis(of session: SessionPlan) throws(Failure) -> String {
        guard let first = session.first else { return "" }
        let context = contexts.context(secrets: secrets.object, session: .emptyObject)
        return Hexadecimal.text(SHA256.hash(data: Data((try first.text(context) ?? "").utf8)))
    }

    /// `expires` is a number of seconds from now, a time in seconds since 1970 above 10^9, or a date.
    private func lifetime(_ session: SessionPlan, _ context: JQValue) throws(Failure) -> Duration {
        guard let value = try session.expires?.first(context), !value.isNull else { return session.lifetime }
        guard let seconds = WaitRule.secondsLeft(value, now: now()), seconds > 0 else { return session.lifetime }
        return .seconds(min(seconds, 365 * 86_400))
    }
}
