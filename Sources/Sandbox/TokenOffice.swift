import Synchronization

/// Issues bearer tokens, and tells whether a request carries a valid one.
final class TokenOffice: Sendable {
    private let configuration: SandboxConfiguration
    private let clock: any SandboxClock
    private let log: EventLog
    private let state: Mutex<State>

    private struct State {
        var bearers: [String: Bearer] = [:]
        var chain: RefreshChain?
        var issued = 0
        var counts = SignInCounts()
    }

    private struct Bearer {
        var endsAt: Int64
        /// The one that came with it.
        var refreshToken: String?
    }

    /// A client's tokens.
    struct Grant: Sendable {
        var bearer: String
        var refreshToken: String?
    }

    /// What the token of a request is.
    enum Verdict: Sendable {
        case valid, dead
        /// There is none, or it was never valid.
        case unknown
    }

    init(configuration: SandboxConfiguration, clock: any SandboxClock, log: EventLog) {
        (self.configuration, self.clock, self.log) = (configuration, clock, log)
        let (first, grace) = (configuration.signIn.refreshToken, configuration.signIn.refreshGrace)
        state = Mutex(State(chain: first.map { RefreshChain(first: $0, grace: grace) }))
    }

    var counts: SignInCounts { state.withLock { $0.counts } }

    func verdict(on request: APIRequest) -> Verdict {
        guard configuration.bearerToken != nil || configuration.signIn.issuesTokens else { return .valid }
        if let token = configuration.bearerToken, request.carries(bearer: token) { return .valid }
        let now = clock.now()
        return state.withLock { state in
            guard let bearer = request.bearer.flatMap({ state.bearers[String($0)] }) else { return .unknown }
            guard now < bearer.endsAt else {
                state.counts.deadTokens += 1
                return .dead
            }
            if let token = bearer.refreshToken { state.chain?.confirm(token) }
            return .valid
        }
    }

    /// - Returns: nil if the refresh token is not valid.
    func refresh(_ token: String) -> Grant? {
        let now = clock.now()
        return state.withLock { state in
            let next = makeToken("refresh", &state)
            let isValid = state.chain?.use(token, next: next) ?? false
            log.signIn(refreshToken: token, next: isValid ? next : nil, isRefused: !isValid, now: now)
            guard isValid else {
                state.counts.refusedRefreshTokens += 1
                return nil
            }
            state.counts.refreshed += 1
            return issue(Bearer(endsAt: now + configuration.signIn.accessLifetime.nanoseconds, refreshToken: next), now, &state)
        }
    }

    /// - Returns: nil if the personal token is wrong.
    func beginSession(_ personalToken: String) -> Grant? {
        let now = clock.now()
        let isValid = personalToken == configuration.signIn.personalToken
        log.signIn(refreshToken: nil, next: nil, isRefused: !isValid, now: now)
        guard isValid else { return nil }
        return state.withLock { state in
            state.counts.sessions += 1
            return issue(Bearer(endsAt: now + configuration.signIn.sessionLifetime.nanoseconds), now, &state)
        }
    }

    private func issue(_ bearer: Bearer, _ now: Int64, _ state: inout State) -> Grant {
        // What ended long ago is as unknown as what never was.
        if state.bearers.count >= 10_000 { state.bearers = state.bearers.filter { now < $0.value.endsAt } }
        let token = makeToken("access", &state)
        state.bearers[token] = bearer
        return Grant(bearer: token, refreshToken: bearer.refreshToken)
    }

    private func makeToken(_ kind: String, _ state: inout State) -> String {
        state.issued += 1
        return "\(kind)-\(state.issued)-\(String(Draw(configuration.seed, .token, state.issued).bits, radix: 16))"
    }
}

/// Counters of the token endpoints.
struct SignInCounts: Sendable {
    var refreshed = 0
    var sessions = 0
    var refusedRefreshTokens = 0
    /// Requests with a bearer token that has ended.
    var deadTokens = 0
}
