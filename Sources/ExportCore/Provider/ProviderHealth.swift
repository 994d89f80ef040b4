/// A provider's health, shared by all orchestrators and workers: the breaker, and the pauses that the provider asked for by throttled answers
/// or by the budget that its answers tell. Times are milliseconds of the store's clock.
public struct ProviderHealth: Sendable, Equatable, Codable {
    public var breaker = CircuitBreaker()
    /// Until when requests of a kind are held back, by `RequestKind.name`.
    public private(set) var pausedUntil: [String: Int64] = [:]
    /// The kinds that go slow, by `RequestKind.name`. `nil` in a value that an older version wrote.
    private var slow: [String: Slow]?

    /// Why single processes cannot ask the provider, by their names: their own secrets, resolver or rules. For people only.
    private var impediments: [String: Impediment]?

    /// What failed lately; `nil`: nothing. For people only.
    var failedRequests: FailureLog?
    var failedFiles: FailureLog?

    private struct Impediment: Sendable, Equatable, Codable {
        var hold: CircuitBreaker.Hold
        /// When it counts as that of a process that is gone.
        var until: Int64
    }

    /// When an operator last called `resume`; `nil`: never. Processes then try again at once.
    public private(set) var resumedAt: Int64?

    /// A kind whose requests go one at a time: the last answers were throttled, the provider's budget runs out, or a host gives no answer.
    public struct Slow: Sendable, Equatable, Codable {
        /// Since when every answer was throttled, or none came.
        public var since: Int64
        /// Throttled answers, or requests without one, in a row; those to requests that were under way together count once. 0: only the budget is low.
        public var answers: Int
        /// The last answer, for people.
        public var reason: String
        /// When the last pause ends.
        public var until: Int64
        /// Set if the host gives no answer. `nil` in a value that an older version wrote.
        public var isSilent: Bool?

        public init(since: Int64, answers: Int, reason: String, until: Int64 = 0) {
            self.since = since
            self.answers = answers
            self.reason = reason
            self.until = until
        }
    }

    /// A day.
    private static let longestWait: Int64 = 86_400_000

    public init() {}

    /// A later end counts; an earlier one changes nothing.
    public mutating func pause(_ kind: RequestKind, for time: Duration, now: Int64) {
        // Longer than a day is no pause but a mistake.
        let end = now + Int64(min(time, .milliseconds(Self.longestWait)) / .milliseconds(1))
        pausedUntil = pausedUntil.filter { $0.value > now }
        if end > pausedUntil[kind.name] ?? now { pausedUntil[kind.name] = end }
        forgetOldHosts(now: now)
        if let known = slow?[kind.name] { slow?[kind.name]?.until = max(known.until, end) }
    }

    /// A host gives no answer: no connection is made, or nothing is said on it. It is tried again as one that throttles, by one request after
    /// each growing pause. The upper half of the jitter is enough: nothing is gained by an early try.
    public mutating func silent(_ kind: RequestKind, reason: String, policy: RetryPolicy, random: Double, now: Int64) {
        throttled(kind, wait: nil, reason: reason, policy: policy, random: 0.5 + random / 2, isSilent: true, now: now)
    }

    /// A throttled answer. The pause grows with the number of such answers in a row.
    /// - Parameters:
    ///   - wait: what the answer asked for; it is never undercut.
    ///   - random: uniform in 0..<1, for the full jitter.
    public mutating func throttled(
        _ kind: RequestKind, wait: Duration?, reason: String, policy: RetryPolicy, random: Double, isSilent: Bool = false, now: Int64
    ) {
        // The answers to requests that were sent before the pause began are one answer.
        if pausedUntil[kind.name] ?? now > now, slow?[kind.name] != nil { return pause(kind, for: wait ?? .zero, now: now) }
        var kindSlow = slow?[kind.name] ?? Slow(since: now, answers: 0, reason: "")
        if kindSlow.answers == 0 { kindSlow.since = now }
        kindSlow.answers += 1
        kindSlow.reason = reason
        kindSlow.until = now
        kindSlow.isSilent = isSilent ? true : nil
        slow = (slow ?? [:]).merging([kind.name: kindSlow]) { $1 }
        let growth = policy.delay(failures: kindSlow.answers, random: random)
        // A whole pause of nearly nothing would be no pause; the jitter is for those who wait for its end together.
        pause(kind, for: max(wait ?? .zero, growth, .milliseconds(50)), now: now)
    }

    /// The answers say that few requests are left until a budget begins again: the rest of the time is divided among them.
    public mutating func budget(_ kind: RequestKind, remaining: Int, reset: Duration, now: Int64) {
        // The answer was not throttled: what came before it is over.
        slow = (slow ?? [:]).merging([kind.name: Slow(since: now, answers: 0, reason: "the provider's budget runs out", until: now)]) { $1 }
        pause(kind, for: reset / max(remaining + 1, 1), now: now)
    }

    /// An answer that was not throttled, to the single request after a pause: the kind goes at full speed again.
    public mutating func recovered(_ kind: RequestKind) {
        slow?[kind.name] = nil
        if slow?.isEmpty ?? false { slow = nil }
    }

    /// What is known of a kind that goes slow; `nil` at full speed.
    public func slow(_ kind: RequestKind) -> Slow? { slow(named: kind.name) }

    /// - Parameter name: as `RequestKind.name` has it.
    public func slow(named name: String) -> Slow? { slow?[name] }

    /// How long requests of a kind have to wait for the end of a pause or of the breaker's being open; zero: not at all. Downloads, which
    /// mostly come from other hosts, ask for their own pauses only.
    public func wait(_ kind: RequestKind, now: Int64) -> Duration {
        let paused = pausedUntil[kind.name] ?? 0
        let open: Int64 = if case .download = kind { 0 } else { breaker.state == .open ? breaker.openUntil : 0 }
        // The value comes from outside the process: an impossible time must neither overflow nor block requests for ever.
        return .milliseconds(min(max(paused, open, now), now + Self.longestWait) - now)
    }

    /// Hosts are named by listed links, and nothing says when the last file of one has come.
    private mutating func forgetOldHosts(now: Int64) {
        guard var known = slow, known.count > Self.keptSlow else { return }
        let hosts = known.filter { $0.key.hasPrefix(RequestKind.downloadPrefix) && $0.value.until < now }
        let old = hosts.sorted { $0.value.until < $1.value.until }.prefix(known.count - Self.keptSlow)
        for (name, _) in old { known[name] = nil }
        slow = known
    }

    private static let keptSlow = 32

    /// Lifts all pauses, a hold, and an open breaker, because an operator says so.
    public mutating func resume(now: Int64) {
        (pausedUntil, slow, impediments, resumedAt) = ([:], nil, nil, now)
        (failedRequests, failedFiles) = (nil, nil)
        breaker.reset(now: now)
    }
}

extension ProviderHealth {
    /// Notes why a process cannot ask the provider, or with `nil` that it can again.
    /// - Parameter life: a note that is not repeated within this time is forgotten: its process is gone.
    public mutating func note(_ hold: CircuitBreaker.Hold?, by process: String, life: Duration, now: Int64) {
        var known = (impediments ?? [:]).filter { now < $0.value.until }
        known[process] = hold.map { Impediment(hold: $0, until: now + Int64(life / .milliseconds(1))) }
        impediments = known.isEmpty ? nil : known
    }

    /// Why single processes cannot ask the provider, by their names.
    public func impediments(now: Int64) -> [String: CircuitBreaker.Hold] {
        (impediments ?? [:]).filter { now < $0.value.until }.mapValues(\.hold)
    }

    /// Why requests of a kind are held back, in words; `nil` when they are not.
    public func obstacle(_ kind: RequestKind, now: Int64) -> Obstacle? {
        if let hold = breaker.hold { return .held(hold) }
        if let slow = slow(kind), slow.answers > 0 { return slow.isSilent == true ? .silent(slow) : .throttled(slow) }
        if breaker.state != .closed { return .down(breaker.reason) }
        return wait(kind, now: now) > .zero ? .paused : nil
    }

    public enum Obstacle: Sendable, Equatable, CustomStringConvertible {
        case held(CircuitBreaker.Hold)
        case throttled(Slow)
        /// The host of downloads gives no answer.
        case silent(Slow)
        case down(String)
        case paused

        /// Whether requests would be answered, but not with what is wanted.
        public var isOfRequests: Bool {
            switch self {
            case .held, .throttled: true
            case .down, .paused, .silent: false
            }
        }

        public var description: String {
            switch self {
            case .held(let hold): "the provider is held: \(hold.message)"
            case .throttled(let slow): "the provider throttles: \(slow.reason)"
            case .silent(let slow): "the host gives no answer: \(slow.reason)"
            case .down(let reason): "the provider is down: \(reason)"
            case .paused: "the provider asked for a pause"
            }
        }
    }
}
