/// Whether a provider may be asked: closed (everything passes), open (nothing), half-open (one probe at a time).
///
/// A value that all orchestrators share through the store; times are milliseconds of the store's clock.
/// Source: Michael Nygard, "Release It!", 2nd edition 2018, chapter 5, "Circuit Breaker"; the window of requests as in resilience4j.
public struct CircuitBreaker: Sendable, Equatable, Codable {
    public enum State: String, Sendable, Codable, CaseIterable {
        case closed
        case halfOpen = "half-open"
        case open
    }

    public private(set) var state = State.closed
    /// When the state last changed.
    public private(set) var changedAt: Int64 = 0
    /// While it is open: until when no request passes.
    public private(set) var openUntil: Int64 = 0
    /// Times in a row that it opened without having closed.
    public private(set) var openings = 0
    /// Why it opened last, in words.
    public private(set) var reason = ""
    /// Why the provider is held, while it is.
    public private(set) var hold: Hold?
    private var slices: [Slice] = []
    private var probe: Probe?
    private var probesPassed = 0

    /// A provider that refuses every request, or cannot be asked because of its file, its secrets or the network's rules. It stays open, with
    /// a probe at a steady interval, until one succeeds: somebody has to fix the cause, and the jobs wait.
    public struct Hold: Sendable, Equatable, Codable {
        /// The code of the failure: `http-401`, `missing-secret`.
        public var code: String
        public var message: String
        /// When it began.
        public var since: Int64

        public init(code: String, message: String, since: Int64) {
            self.code = code
            self.message = message
            self.since = since
        }
    }

    private struct Slice: Sendable, Equatable, Codable {
        var start: Int64
        var tally: RequestTally
    }

    private struct Probe: Sendable, Equatable, Codable {
        var holder: String
        var until: Int64
    }

    /// The parts of the window; the oldest expires as a whole.
    private static let slicesPerWindow: Int64 = 10

    public init() {}

    /// Counts requests that were sent while it was closed. Those in flight when it opened no longer count.
    public mutating func record(_ tally: RequestTally, policy: BreakerPolicy, now: Int64) {
        guard state == .closed else { return }
        let window = max(policy.window.wholeMilliseconds, Self.slicesPerWindow)
        let start = now - now % (window / Self.slicesPerWindow)
        slices.removeAll { $0.start <= now - window }
        if slices.last?.start == start { slices[slices.count - 1].tally += tally } else { slices.append(Slice(start: start, tally: tally)) }
        let total = self.tally
        guard total.requests >= policy.minimumRequests else { return }
        if Double(total.failures) >= policy.failureRatio * Double(total.requests) {
            open(policy, now, because: "\(total.failures) of \(total.requests) requests failed")
        } else if Double(total.slow) >= policy.slowRatio * Double(total.requests) {
            open(policy, now, because: "\(total.slow) of \(total.requests) requests took over \(policy.slowAfter)")
        }
    }

    /// Asks to be the one that probes.
    /// - Parameters:
    ///   - timeout: after which the probe counts as lost, and another may begin.
    /// - Returns: `false` while it is closed, still open, or another process has the probe.
    public mutating func beginProbe(by holder: String, timeout: Duration, now: Int64) -> Bool {
        guard state != .closed, now >= openUntil else { return false }
        if let probe, probe.until > now { return false }
        if state != .halfOpen { change(to: .halfOpen, now) }
        probe = Probe(holder: holder, until: now + timeout.wholeMilliseconds)
        return true
    }

    /// The end of a probe. Only the current one counts.
    public mutating func endProbe(by holder: String, succeeded: Bool, policy: BreakerPolicy, now: Int64) {
        guard state == .halfOpen, probe?.holder == holder else { return }
        probe = nil
        if let hold {
            guard succeeded else { return self.hold(code: hold.code, message: hold.message, policy: policy, now: now) }
            return reset(now: now)
        }
        guard succeeded else { return open(policy, now, because: "a probe failed") }
        probesPassed += 1
        guard probesPassed >= policy.probes else { return }
        change(to: .closed, now)
        (openings, reason) = (0, "")
    }

    /// Holds the provider, or says again why it is held.
    public mutating func hold(code: String, message: String, policy: BreakerPolicy, now: Int64) {
        hold = Hold(code: code, message: message, since: hold?.since ?? now)
        openUntil = now + policy.heldProbe.wholeMilliseconds
        reason = message
        change(to: .open, now)
    }

    /// Closes it at once, whatever the reason for which it opened.
    public mutating func reset(now: Int64) {
        (openings, reason, hold, openUntil) = (0, "", nil, 0)
        if state != .closed { change(to: .closed, now) }
    }

    /// The probe was not sent, because there was no request.
    public mutating func withdrawProbe(by holder: String) {
        if probe?.holder == holder { probe = nil }
    }

    /// The sums of the window.
    public var tally: RequestTally { slices.reduce(into: RequestTally()) { $0 += $1.tally } }

    private mutating func open(_ policy: BreakerPolicy, _ now: Int64, because reason: String) {
        openings += 1
        let time = min(policy.longestOpen, policy.openFor * (1 << min(openings - 1, 20)))
        openUntil = now + time.wholeMilliseconds
        self.reason = reason
        change(to: .open, now)
    }

    private mutating func change(to state: State, _ now: Int64) {
        self.state = state
        changedAt = now
        slices = []
        probe = nil
        probesPassed = 0
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
