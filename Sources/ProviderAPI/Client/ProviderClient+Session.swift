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

    /// Whether an answer may be about the session: a 401, or one that a rule calls unauthorised, by the host that saw the session.
    /// - Parameter context: that it was asked with.
    func refusesSession(_ answer: ProviderResponse, _ reading: AnswerReading, _ context: JQValue) -> Bool {
        guard WebURL.origin(answer.url) == WebURL.origin(answer.requestURL) else { return false }
        if !reading.rules.isEmpty {
            let answered = contexts.context(reading.parts, context, answer: answer)
            if let rule = reading.rules.first(where: { $0.matches(answered) }) {
                return (try? rule.answerClass.value(answered, secrets)) == .unauthorised
            }
        }
        // A status that the file lists is an answer like any other.
        return answer.status == 401 && plan.status.words["401"] == nil
    }

    /// Makes sure that an account has a valid session, which the requests that follow use.
    /// - Parameter dead: the session that an answer has refused.
    /// - Throws: `sign-in-refused`, unauthorised; `session-key`; any failure of the request that signs in.
    func signIn(_ session: SessionPlan, _ account: Account, after dead: String? = nil) async throws(Failure) {
        if dead == nil, account.isSignedIn { return }
        do throws(Failure) {
            try await begin(session, account, after: dead)
        } catch {
            // What the token endpoint answered shows nothing of what the API accepts.
            throw error.failureClass == .unauthorised ? ofAccount(error, account) : error
        }
    }

    private func begin(_ session: SessionPlan, _ account: Account, after dead: String?) async throws(Failure) {
        // Nobody sends it again while it is renewed.
        if let dead, account.session?.id == dead { account.session = nil }
        let key = account.key
        var current = try await account.sessions.session(after: dead) { last throws(Failure) in try await self.signIn(last, key) }
        if current.id != account.session?.id, SessionContent(current.values).plan != session.fingerprint {
            // Another version of the provider file has signed in: it may have kept other values.
            let foreign = current.id
            current = try await account.sessions.session(after: foreign) { last throws(Failure) in try await self.signIn(last, key) }
        }
        // While another process renews it, the old one is looked at again soon.
        let next = min(max(current.renewAt, .now + .seconds(1)), current.endsAt)
        let values = SessionContent(current.values).values
        hide(values.texts, of: account)
        account.session = (values, current.id, next)
    }

    /// Sends the request that signs in.
    private func signIn(_ last: String, _ key: String) async throws(Failure) -> (values: String, lifetime: Duration) {
        guard case .session(let session) = plan.credentials else { return ("{}", .zero) }
        let account = account(key)
        do throws(Failure) {
            if session.request.parts.union(session.assertion?.parts ?? []).contains(.secrets) { try account.requireSecrets() }
            return try await ask(session, account, last)
        } catch {
            // The request of the job was not sent.
            var failure = error
            failure.mayHaveRun = false
            throw failure
        }
    }

    private func ask(_ session: SessionPlan, _ account: Account, _ last: String) async throws(Failure) -> (
        values: String, lifetime: Duration
    ) {
        let basis = try basis(session, account)
        let known = SessionContent(last)
        // What began with another first token cannot be continued with this one.
        let lastValues = known.basis == basis ? known.values : .emptyObject
        if session.login != nil, lastValues["refresh_token"] == nil, session.first == nil {
            let account = account.key.isEmpty ? "" : " --account \(account.key)"
            throw Failure(
                .unauthorised, code: "not-signed-in",
                message: "nobody has signed in yet; run longhaul provider login \(definition.name)\(account)")
        }
        let (values, lifetime) = try await obtain(session, account, lastValues)
        return (SessionContent.json(basis: basis, plan: session.fingerprint, values: values), lifetime)
    }

    /// Tells what a chain of sign-ins began with.
    func basis(_ session: SessionPlan, _ account: Account) throws(Failure) -> String {
        guard let first = session.first else { return "" }
        return Self.digest(try first.text(contexts.context(secrets: account.secrets.object, session: .emptyObject)) ?? "")
    }

    /// Sends a request that signs in.
    /// - Parameter last: what it reads as `.session`.
    func obtain(
        _ session: SessionPlan, _ account: Account, _ last: JQValue
    ) async throws(Failure) -> (values: String, lifetime: Duration) {
        let secrets = account.secrets.object
        // Whoever replays has no key.
        let plain = contexts.context(secrets: secrets, session: .emptyObject)
        let assertion = isReplay ? session.assertion.map { _ in "***" } : try session.assertion?.token(plain, now: now())
        // The answer may repeat them.
        hide(last.texts + (assertion.map { [$0] } ?? []), of: account)
        let context = contexts.context(secrets: secrets, session: last, assertion: assertion)
        let sources = JSONSources(handle: "{}")
        trace?(.signIn)
        // The provider counts from some time before its answer arrived.
        let begun = ContinuousClock.now
        let answer = try await send(nil, session.request, context, sources, isSecret: true)
        let answered = contexts.context(session.answerParts, context, answer: answer)
        let verdict = try verdict(answer, session.reading, answered, "signing in at")
        if let failure = verdict.failure { throw refused(answer, failure, session) }
        var answerSources = sources
        answerSources.answer = answer.json
        plan.trace?.isPaused = true
        defer { plan.trace?.isPaused = false }
        do throws(Failure) {
            let values = try session.values.handle(answered, answerSources, atMost: SessionContent.maxBytes)
            hide(((try? JQValue(json: values)) ?? .emptyObject).texts, of: account)
            return (values, max(try lifetime(session, answered) - (.now - begun), .seconds(1)))
        } catch {
            // The body holds secrets that are not known yet: it is not quoted.
            let what = "signing in at \(self.secrets.shown(url: answer.url)) answered \(answer.status)"
            throw Failure(
                .transient, code: "unexpected-answer", message: "\(what), which does not hold what the session needs: \(error.code)")
        }
    }

    /// Any answer that is not a success concerns the provider: a job has no part in it.
    private func refused(_ answer: ProviderResponse, _ failure: Failure, _ session: SessionPlan) -> Failure {
        var failure = failure
        if ![.throttled, .transient, .notYet, .corrupt].contains(failure.failureClass) {
            (failure.failureClass, failure.code, failure.countsAsAttempt) = (.unauthorised, "sign-in-refused", true)
            if session.isChained, session.first != nil || session.login != nil {
                let fix = session.login == nil ? "set a new one" : "run longhaul provider login \(definition.name)"
                failure.fix = "if its refresh token has changed and was lost, \(fix)"
                failure.message += "; " + (failure.fix ?? "")
            }
        }
        return reported(failure, answer)
    }

    private static func digest(_ text: String) -> String { Hexadecimal.text(SHA256.hash(data: Data(text.utf8))) }

    /// `expires` is a number of seconds from now, a time in seconds since 1970 above 10^9, or a date. A time that has passed is none at all
    /// for long: the provider's clock may be late.
    private func lifetime(_ session: SessionPlan, _ context: JQValue) throws(Failure) -> Duration {
        guard let value = try session.expires?.first(context), !value.isNull, let seconds = WaitRule.secondsLeft(value, now: now()) else {
            return session.lifetime
        }
        if seconds <= 0 { noteOnce(about: "auth.expires", "its session ends before it begins; check auth.session.expires") }
        return .seconds(min(max(seconds, 1), 365 * 86_400))
    }
}

/// What is sealed of a session.
struct SessionContent {
    /// Tells the first token of the chain.
    let basis: String
    /// Tells the version of the provider file.
    let plan: String
    let values: JQValue

    /// Two large tokens fit.
    static let maxBytes = 64 << 10

    init(_ json: String) {
        let content = try? JQValue(json: json)  // what cannot be read is no session
        basis = content?["basis"]?.string ?? ""
        plan = content?["plan"]?.string ?? ""
        values = content?["values"] ?? .emptyObject
    }

    static func json(basis: String, plan: String, values: String) -> String {
        "{\"basis\":\(JQValue(basis).json),\"plan\":\(JQValue(plan).json),\"values\":\(values)}"
    }
}

extension JQValue {
    /// All texts in it that are long enough to be secrets.
    fileprivate var texts: [String] {
        if let string { return string.utf8.count >= 4 ? [string] : [] }
        return (elements ?? entries?.map(\.value) ?? []).flatMap(\.texts)
    }
}
