/// The kinds of requests to a provider, each with its own pauses.
public enum RequestKind: String, Sendable, Codable, CaseIterable {
    case create, check, list, cancel
}

/// A provider's health, shared by all orchestrators: the breaker, and the pauses that it asked for by 429 or
/// Retry-After. Times are milliseconds of the store's clock.
public struct ProviderHealth: Sendable, Equatable, Codable {
    public var breaker = CircuitBreaker()
    /// Until when requests of a kind are held back, by `RequestKind`.
    public private(set) var pausedUntil: [String: Int64] = [:]

    /// A day.
    private static let longestWait: Int64 = 86_400_000

    public init() {}

    /// A later end counts; an earlier one changes nothing.
    public mutating func pause(_ kind: RequestKind, for time: Duration, now: Int64) {
        // Longer than a day is no pause but a mistake.
        let end = now + Int64(min(time, .milliseconds(Self.longestWait)) / .milliseconds(1))
        pausedUntil = pausedUntil.filter { $0.value > now }
        if end > pausedUntil[kind.rawValue] ?? now { pausedUntil[kind.rawValue] = end }
    }

    /// How long requests of a kind have to wait for the end of a pause or of the breaker's being open; zero: not at all.
    public func wait(_ kind: RequestKind, now: Int64) -> Duration {
        let paused = pausedUntil[kind.rawValue] ?? 0
        let open = breaker.state == .open ? breaker.openUntil : 0
        // The value comes from outside the process: an impossible time must neither overflow nor block requests for ever.
        return .milliseconds(min(max(paused, open, now), now + Self.longestWait) - now)
    }
}
