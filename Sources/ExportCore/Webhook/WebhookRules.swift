/// The result of an attempt to send a webhook message.
public enum WebhookOutcome: Sendable, Equatable {
    /// - Parameter retryAfter: of the answer's `Retry-After`.
    case answered(status: Int, retryAfter: Duration?)
    /// There was no answer, or nothing was sent.
    /// - Parameter isFinal: whether no later attempt can succeed.
    case failed(isFinal: Bool)
}

/// What follows an attempt.
public enum WebhookVerdict: Sendable, Equatable {
    case delivered
    case again(after: Duration)
    /// It is given up, and becomes a dead letter.
    /// - Parameter disables: the receiver wants no further messages (410).
    case dead(disables: Bool)
}

/// The rules of webhook messages; what sends them decides nothing.
public struct WebhookRules: Sendable, Equatable {
    public var schedule: WebhookSchedule
    /// Claims in a row that may end without a result: after more, the message counts as one that crashes its senders.
    public var mostClaims: Int

    public init(schedule: WebhookSchedule = .standard, mostClaims: Int = 20) {
        self.schedule = schedule
        self.mostClaims = mostClaims
    }

    /// Standard Webhooks 1.0.0, section "Delivery success and failure": any 2xx is a success, 410 disables the endpoint, and everything
    /// else, redirects included, is a failure that is tried again.
    /// - Parameters:
    ///   - attempts: made so far, this one included.
    ///   - random: uniform in 0..<1.
    public func verdict(on outcome: WebhookOutcome, attempts: Int, random: Double) -> WebhookVerdict {
        switch outcome {
        case .answered(200..<300, _): return .delivered
        case .answered(410, _): return .dead(disables: true)
        case .failed(isFinal: true): return .dead(disables: false)
        case .answered(let status, let retryAfter):
            return next(after: attempts, asked: Self.honoursRetryAfter(status) ? retryAfter : nil, random)
        case .failed(isFinal: false): return next(after: attempts, asked: nil, random)
        }
    }

    /// Whether a message that was claimed so many times in a row without a result is given up unsent.
    public func isExhausted(claims: Int) -> Bool { claims > mostClaims }

    private func next(after attempts: Int, asked: Duration?, _ random: Double) -> WebhookVerdict {
        schedule.delay(after: attempts, retryAfter: asked, random: random).map { .again(after: $0) } ?? .dead(disables: false)
    }

    /// RFC 9110, section 10.2.3, and RFC 6585, section 4, define the field for these.
    private static func honoursRetryAfter(_ status: Int) -> Bool { status == 429 || status == 503 }
}
