/// `auth: {tokens: …}` — several credentials, of which each request uses one.
struct TokenPool {
    enum Order: String, CaseIterable {
        /// One after the other.
        case turns
        /// The one that has the most requests left.
        case remaining
        /// All requests of a job use the same one.
        case job
    }

    let order: Order
    let tokens: [Credentials]

    init?(_ field: Field, read: (Field) -> Credentials?) {
        guard let section = field.section(["use", "of"]) else { return nil }
        order = section["use"]?.word(Order.self) ?? .turns
        let fix = "write a list, such as [{ bearer: \"{{ .secrets.A }}\" }, { bearer: \"{{ .secrets.B }}\" }]"
        guard let entries = section.required("of", fix: fix)?.list(fix: fix) else { return nil }
        if entries.count < 2 { field.problem("fewer than two tokens", fix: fix) }
        tokens = entries.compactMap(read)
    }
}

/// What is known of the tokens of an account.
struct TokenStates {
    private struct State {
        /// As the last answer said, until it begins again.
        var remaining: (requests: Int, until: ContinuousClock.Instant)?
        /// Set after an answer that refused it.
        var asideUntil: ContinuousClock.Instant?
    }

    private var states: [Int: State] = [:]
    private var turn = 0

    /// The index of the token for the next request.
    mutating func choose(_ pool: TokenPool, now: ContinuousClock.Instant) -> Int {
        let all = Array(pool.tokens.indices)
        var candidates = all.filter { !isAside($0, now) }
        // If none is left, the one that comes back first is asked; its answer lets the provider pause.
        if candidates.isEmpty { candidates = all.min { aside($0) < aside($1) }.map { [$0] } ?? [] }
        turn += 1
        let inTurn = candidates.sorted { position($0, all.count) < position($1, all.count) }
        guard pool.order == .remaining else { return inTurn.first ?? 0 }
        return inTurn.max { left($0, now) < left($1, now) } ?? 0
    }

    /// Whether another one may be used now.
    func hasOther(than index: Int, of pool: TokenPool, now: ContinuousClock.Instant) -> Bool {
        pool.tokens.indices.contains { $0 != index && !isAside($0, now) }
    }

    mutating func setAside(_ index: Int, until: ContinuousClock.Instant) { states[index, default: State()].asideUntil = until }

    mutating func note(_ index: Int, remaining: Int, until: ContinuousClock.Instant) {
        states[index, default: State()].remaining = (remaining, until)
    }

    private func aside(_ index: Int) -> ContinuousClock.Instant { states[index]?.asideUntil ?? .now }
    private func isAside(_ index: Int, _ now: ContinuousClock.Instant) -> Bool { states[index]?.asideUntil.map { now < $0 } ?? false }
    private func position(_ index: Int, _ count: Int) -> Int { (index - turn % count + count) % count }

    private func left(_ index: Int, _ now: ContinuousClock.Instant) -> Int {
        guard let remaining = states[index]?.remaining, now < remaining.until else { return .max }
        return remaining.requests
    }
}
