import ExportCore

/// What one process learned about a provider, to be added to the shared health.
enum HealthChange: Sendable {
    case throttled(RequestKind, wait: Duration?, reason: String, random: Double)
    /// A host of downloads gives no answer.
    case silent(RequestKind, reason: String, random: Double)
    case budget(RequestKind, remaining: Int, reset: Duration)
    case recovered(RequestKind)
    case hold(code: String, message: String)
    /// Why this process cannot ask the provider, and how long that counts unless it is repeated; `nil`: it can again.
    case impediment(CircuitBreaker.Hold?, process: String, life: Duration)
    /// For people.
    case failed(FailureLog.Work, code: String, message: String, times: Int)
    case worked(FailureLog.Work)

    /// Whether others must know soon.
    var isUrgent: Bool {
        switch self {
        case .failed, .worked: false
        default: true
        }
    }

    /// - Parameter now: the store's clock in milliseconds.
    func apply(to health: inout ProviderHealth, retry: RetryPolicy, breaker: BreakerPolicy, now: Int64) {
        switch self {
        case .throttled(let kind, let wait, let reason, let random):
            // A time of zero is none.
            let usable = wait.flatMap { $0 > .zero ? $0 : nil }
            health.throttled(kind, wait: usable, reason: String(reason.prefix(300)), policy: retry, random: random, now: now)
        case .silent(let kind, let reason, let random):
            health.silent(kind, reason: String(reason.prefix(300)), policy: retry, random: random, now: now)
        case .budget(let kind, let remaining, let reset): health.budget(kind, remaining: remaining, reset: reset, now: now)
        case .recovered(let kind): health.recovered(kind)
        case .impediment(let hold, let process, let life): health.note(hold, by: process, life: life, now: now)
        case .failed(let work, let code, let message, let times): health.failed(work, code, message, times: times, now: now)
        case .worked(let work): health.worked(work, now: now)
        case .hold(let code, let message):
            // Another process may have found the same: its time of the next probe stays.
            if health.breaker.hold == nil {
                health.breaker.hold(code: code, message: String(message.prefix(300)), policy: breaker, now: now)
            }
        }
    }

    /// Adds a change to those that wait. Throttled answers of one kind become one, with the longest wait: a burst must not crowd out others.
    /// Failures with the same code become one, too, and only the last success counts.
    static func add(_ change: HealthChange, to waiting: inout [HealthChange]) {
        if case .worked(let work) = change { waiting.removeAll { if case .worked(work) = $0 { true } else { false } } }
        if case .failed(let work, let code, let message, let times) = change,
            let index = waiting.firstIndex(where: { if case .failed(work, code, _, _) = $0 { true } else { false } }),
            case .failed(_, _, _, let known) = waiting.remove(at: index)
        {
            return waiting.append(.failed(work, code: code, message: message, times: known + times))
        }
        if case .throttled(let kind, let wait, _, _) = change,
            let index = waiting.firstIndex(where: { if case .throttled(kind, _, _, _) = $0 { true } else { false } }),
            case .throttled(_, let known, let reason, let random) = waiting[index]
        {
            waiting[index] = .throttled(kind, wait: [known, wait].compactMap(\.self).max(), reason: reason, random: random)
        } else {
            waiting.append(change)
        }
    }
}
