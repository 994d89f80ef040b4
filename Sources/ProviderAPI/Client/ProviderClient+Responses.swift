import ExportCore
import HTTPClient
import JQ

/// What an answer is: a success, or a failure by a rule of the provider file or by its HTTP code.
enum Verdict {
    case success
    /// A rule of the class `ok`, whatever the HTTP code.
    case ok
    case ruled(Failure)
    case byStatus(Failure)

    var failure: Failure? {
        switch self {
        case .success, .ok: nil
        case .ruled(let failure), .byStatus(let failure): failure
        }
    }
}

extension ProviderClient {
    /// Reads whether the answer is an error: by the first rule that matches, then by the HTTP code, then by `error.when`.
    /// - Parameter what: the request in words, such as `status at`.
    /// - Throws: `invalid-class` if the filter of a class gives none; `filter-failed` for `error.when`.
    func verdict(
        _ answer: ProviderResponse, _ reading: AnswerReading, _ context: JQValue, _ what: String, isCreate: Bool = false
    ) throws(Failure) -> Verdict {
        let verdict = try judged(answer, reading, context, what, isCreate: isCreate)
        switch verdict {
        case .ruled(let failure): return .ruled(ofAccount(passedOn(failure, answer.token), answer.account))
        case .byStatus(let failure): return .byStatus(ofAccount(passedOn(failure, answer.token), answer.account))
        case .success, .ok:
            accepted(answer.account)
            return verdict
        }
    }

    private func judged(
        _ answer: ProviderResponse, _ reading: AnswerReading, _ context: JQValue, _ what: String, isCreate: Bool
    ) throws(Failure) -> Verdict {
        for rule in reading.rules where rule.matches(context) {
            guard let failureClass = try rule.answerClass.value(context, secrets).failureClass else { return .ok }
            return .ruled(failure(answer, failureClass, rule.code, rule.message, wait: rule.wait, reading, context, what))
        }
        let error = reading.error
        // What is no GraphQL, such as a proxy's page, is judged by its code.
        let isError = error.appliesAlways && !answer.isSuccess ? (try? error.when?.isTrue(context)) ?? false : false
        if answer.isSuccess || isError {
            guard let when = error.when, try when.isTrue(context) else { return .success }
            let failureClass = try error.answerClass?.value(context, secrets).failureClass ?? .permanent
            return .ruled(failure(answer, failureClass, error.code, error.message, wait: nil, reading, context, what))
        }
        let asked = retryAfter(answer) ?? reset(answer)
        var failure = Failure.http(
            status: answer.status, retryAfter: asked, what: "\(what) \(secrets.shown(url: answer.url))", isCreate: isCreate)
        if failure.failureClass == .throttled || failure.failureClass == .notYet, reading.wait != nil {
            failure.retryAfterSeconds = (wait(answer, reading.wait, context) ?? asked).map { $0 / .seconds(1) }
        }
        if let target = answer.redirectTarget { failure.message += " and leads to \(secrets.shown(url: target))" }
        let words = error.message?.text(context, secrets) ?? excerpt(answer)
        if !words.isEmpty { failure.message += ": \(words)" }
        if let fix = fix(answer.status, isCreate: isCreate) {
            failure.fix = fix
            failure.message += "; \(fix)"
        }
        return .byStatus(failure)
    }

    /// What an operator can check.
    private func fix(_ status: Int, isCreate: Bool) -> String? {
        switch status {
        case 401:
            let names = plan.secretFields.filter { $0.value.path.hasPrefix("auth") }.keys.sorted()
            return names.isEmpty ? nil : "check the secret \(names.joined(separator: ", "))"
        case 404 where isCreate: return "check baseURL, the path of the request, and the parameters"
        default: return nil
        }
    }

    private func failure(
        _ answer: ProviderResponse, _ failureClass: FailureClass, _ code: Filter?, _ message: Filter?, wait rule: WaitRule?,
        _ reading: AnswerReading, _ context: JQValue, _ what: String
    ) -> Failure {
        let isDeferral = failureClass == .throttled || failureClass == .notYet
        var wait = wait(answer, rule ?? (isDeferral ? reading.wait : nil), context)
        if wait == nil, failureClass == .throttled { wait = reset(answer) }
        let words = message?.text(context, secrets) ?? excerpt(answer)
        let said = answer.isSuccess ? "answered \(answer.status) with an error" : "answered \(answer.status)"
        return Failure(
            failureClass, code: code?.codeWord(context, secrets) ?? (answer.isSuccess ? "provider-error" : "http-\(answer.status)"),
            message: "\(what) \(secrets.shown(url: answer.url)) \(said)" + (words.isEmpty ? "" : ": \(words)"), retryAfter: wait,
            mayHaveRun: answer.status >= 500 && failureClass != .throttled)
    }

    /// The start of the body as one line of at most 200 characters, without secrets; empty if there is no body.
    func excerpt(_ answer: ProviderResponse) -> String {
        if answer.body.isNull { return "" }
        return secrets.redaction.excerpt(of: answer.bytes)
    }

    /// The media type as it is shown: without the parameters.
    func mediaType(_ answer: ProviderResponse) -> String? {
        answer.headers["content-type"].map { String(MediaType(secrets.redacted($0)).text.prefix(100)) }
    }

    /// The failure without secrets, and with the answer that it was read from.
    func reported(_ failure: Failure, _ answer: ProviderResponse? = nil) -> Failure {
        var failure = failure
        if let answer, failure.answer == nil {
            failure.answer = AnswerExcerpt(
                request: "\(answer.method.rawValue) \(secrets.shown(url: answer.url))", status: answer.status, type: mediaType(answer),
                start: excerpt(answer))
        }
        return secrets.redacted(failure)
    }
}
