/// The kind of a failure, which decides what helps. Every HTTP and transport failure has one of these, by `Failure.http`
/// and by the wrappers' errors. Every decision to retry depends on it and on `Failure.countsAsAttempt`.
public enum FailureClass: String, Sendable, Codable, CaseIterable {
    /// May pass without a change: a timeout, a refused connection, a 500.
    case transient
    /// The other side asks for fewer requests: 429, or 503 with a Retry-After.
    case throttled
    /// The other side does not have the answer yet and says so: 202 in place of a file, 423, 425, or what a rule of the provider file
    /// calls `notYet`. Unlike `throttled` it concerns this one request.
    case notYet
    /// The credentials are wrong or expired: 401, 403.
    case unauthorised
    /// The resource no longer exists: 404, 410, an expired link.
    case gone
    /// The same request will fail again: any other 4xx, a filter that does not fit the answer.
    case permanent
    /// The bytes are not the expected ones: a wrong checksum, a truncated archive.
    case corrupt

    /// Whether the same step, tried again later, may succeed. A file that is `gone` is listed again for a fresh link, which is
    /// a retry; so is fetching corrupt bytes again.
    ///
    /// So may a request that was refused for its credentials: they can be replaced, and if they are not, the provider is held.
    public var isRetriable: Bool { self != .permanent }
}

/// A step that did not succeed, in the terms in which retry policies decide and operators search.
public struct Failure: Error, Sendable, Equatable, Codable {
    public var failureClass: FailureClass
    /// Kebab-case and stable, for filters and alerts: `http-503`, `timeout`, `checksum-mismatch`.
    public var code: String
    /// For people; never holds a secret.
    public var message: String
    /// The least time to wait that the other side asked for, in seconds.
    public var retryAfterSeconds: Double?
    /// Whether the request may have taken effect in spite of the failure: it was sent, and no answer says that it was refused.
    public var mayHaveRun: Bool
    /// Whether it uses up one of the attempts. Not when the other side asks to come later, nor when something is down on which many
    /// depend and which the one cannot help: then it is waited for.
    public var countsAsAttempt: Bool
    /// The answer that the failure was read from; `nil` if none arrived.
    public var answer: AnswerExcerpt?
    /// What to do about it, where an operator must act; `message` says it too.
    public var fix: String?
    /// Set if one of several accounts or tokens was refused: that says nothing about the provider.
    public var concernsAccount: Bool?
    /// Set if the host of a download gives nobody an answer: that says nothing about the file, which waits for the host.
    public var concernsHost: Bool?

    public init(
        _ failureClass: FailureClass, code: String, message: String, retryAfter: Duration? = nil, mayHaveRun: Bool = false
    ) {
        self.failureClass = failureClass
        self.code = code
        self.message = message
        // Longer than a day is no wish but a mistake, and would park the work for ever.
        self.retryAfterSeconds = retryAfter.map { min($0 / .seconds(1), 86_400) }
        self.mayHaveRun = mayHaveRun
        countsAsAttempt = failureClass != .throttled && failureClass != .notYet
    }

    public var retryAfter: Duration? { retryAfterSeconds.map { .seconds($0) } }

    /// Whether the cause lies with the provider, its file or its credentials rather than with one job: then no number of attempts helps,
    /// and the provider is held until a probe succeeds.
    public var concernsProvider: Bool { failureClass == .unauthorised || Self.providerCodes.contains(code) }

    /// A request that was not sent, because its provider or host pauses.
    public static func paused(_ message: String, for time: Duration) -> Failure {
        Failure(.throttled, code: pausedCode, message: message, retryAfter: time)
    }

    public var isPause: Bool { code == Self.pausedCode }

    private static let pausedCode = "paused"

    /// What stays with the job for operators; `nil` for a request that was not sent.
    public var shownAnswer: String? { isPause ? nil : shown }

    /// What an operator is shown: the answer, where there is one.
    public var shown: String { "\(code): \(reason)" }

    /// The same without its code.
    public var reason: String { answer.map { "\($0)" + (fix.map { "; \($0)" } ?? "") } ?? message }

    /// Whether the other side only asked to come later, the provider is held, or the host of a download gives no answer: the step is put off,
    /// for a bounded time, and not counted.
    public var isDeferral: Bool {
        !countsAsAttempt && (failureClass == .throttled || failureClass == .notYet || concernsProvider || concernsHost == true)
    }

    /// Whether nothing was heard from the other side: no connection was made, or no response began on it.
    public var isSilence: Bool { isUnconnected || answer == nil && ["timeout-first-byte", "connection-lost"].contains(code) }

    /// Whether no connection was made, so that what was asked for cannot be the reason.
    public var isUnconnected: Bool { answer == nil && ["dns", "connect", "tls", "timeout-connect"].contains(code) }

    /// Whether the cause may lie with this process alone: its secrets, its resolver, its rules. Others may get through.
    public var concernsProcess: Bool { Self.providerCodes.contains(code) }

    private static let providerCodes: Set<String> = ["missing-secret", "session-key", "refused-address", "dns", "certificate"]

    /// Classifies an HTTP status (RFC 9110, section 15; 429 is RFC 6585, 423 RFC 4918, 425 RFC 8470; 420 and 529 are not registered,
    /// but in use for 429).
    /// - Parameters:
    ///   - retryAfter: the wait that the answer asks for, where it does.
    ///   - what: the request in words, for the message.
    ///   - isCreate: whether the request starts something: then 404 and 410 refuse it, and so do 409 and 412, which elsewhere mean "not yet".
    public static func http(status: Int, retryAfter: Duration? = nil, what: String, isCreate: Bool = false) -> Failure {
        let failureClass = failureClass(of: status, asksToWait: retryAfter != nil, isCreate: isCreate)
        // A server or a gateway on the way may break off after the request was carried out.
        var failure = Failure(
            failureClass, code: "http-\(status)", message: "\(what) answered \(status)", retryAfter: retryAfter,
            mayHaveRun: status >= 500 && failureClass != .throttled)
        // Without a time, "not yet" may as well be "never".
        if failureClass == .notYet { failure.countsAsAttempt = retryAfter == nil }
        return failure
    }

    private static func failureClass(of status: Int, asksToWait: Bool, isCreate: Bool) -> FailureClass {
        switch (status, asksToWait) {
        case (429, _), (420, _), (529, _), (503, true), (403, true), (400, true): .throttled
        case (404, true), (409, true), (412, true), (423, _), (425, _): .notYet
        case (401, _), (403, _), (407, _): .unauthorised
        // What was never there is not gone: the path or a parameter is wrong.
        case (404, _), (410, _): isCreate ? .permanent : .gone
        // No part of anything is ever asked for: a 416 says no more than that there is nothing yet.
        case (409, _), (412, _), (416, _): isCreate ? .permanent : .notYet
        case (408, _), (500...599, _): .transient
        default: .permanent
        }
    }
}

/// What an operator needs to see of an answer that was not the wanted one. It never holds a secret.
public struct AnswerExcerpt: Sendable, Equatable, Codable, CustomStringConvertible {
    /// Method and URL without its query: `GET https://api.acme.example/v2/exports/7`.
    public var request: String
    public var status: Int
    /// The media type that the answer declares.
    public var type: String?
    /// The start of the body as one line, 200 characters at most.
    public var start: String

    public init(request: String, status: Int, type: String? = nil, start: String = "") {
        self.request = request
        self.status = status
        self.type = type
        self.start = start
    }

    public var description: String {
        "\(request) answered \(status)" + (type.map { " (\($0))" } ?? "") + (start.isEmpty ? "" : ": \(start)")
    }
}
