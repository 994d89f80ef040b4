import ExportCore
import JobStore

/// Whether a provider may be asked now, and why not, in words.
struct ProviderCondition {
    let health: ProviderHealth
    /// The store's clock when the health was read, in milliseconds.
    let now: Int64

    init(_ stored: StoredHealth) { (health, now) = (stored.health, stored.now) }

    /// The word in lists.
    enum State: String {
        case works, paused
        /// Nothing keeps requests back, but the last requests or attempts at files failed, and none has succeeded since.
        case failing
        case halfOpen = "half-open"
        case open, held
        /// Some processes cannot ask it, others can.
        case partlyHeld = "partly-held"
    }

    var state: State {
        if health.breaker.hold != nil { return .held }
        return switch health.breaker.state {
        case .open: .open
        case .halfOpen: .halfOpen
        case .closed:
            !impediments.isEmpty ? .partlyHeld : !pauses.isEmpty ? .paused : failures.contains { $0.isUnbroken } ? .failing : .works
        }
    }

    /// What failed lately, and is not over. Why the breaker is open, or the provider held, is told by `reason`.
    var failures: [RecentFailures] {
        let works: [FailureLog.Work] = health.breaker.state == .closed ? [.requests, .files] : [.files]
        return works.compactMap { RecentFailures($0, of: health, now: now) }
    }

    /// For how many more seconds what is paused, by `RequestKind.name`.
    var pausedSeconds: [String: Int64] {
        health.pausedUntil.filter { $0.value > now }.mapValues { Self.seconds($0 - now) }
    }

    /// Processes that cannot ask the provider, although others may.
    var impediments: [String] {
        health.impediments(now: now).sorted { $0.key < $1.key }.map { process, hold in
            "held by \(process) since \(JobDescription.time(hold.since)): \(hold.message)"
        }
    }

    /// What is paused, in words.
    var pauses: [String] { pauses(timed: true) }

    /// - Parameters:
    ///   - kind: whose pause is told; `nil`: of all kinds.
    ///   - timed: whether it is said for how long.
    private func pauses(of kind: RequestKind? = nil, timed: Bool) -> [String] {
        health.pausedUntil.sorted { $0.key < $1.key }.compactMap { name, until in
            guard until > now, kind.map({ $0.name == name }) ?? true else { return nil }
            let what = name.hasPrefix("download:") ? "downloads from \(name.dropFirst("download:".count))" : "\(name) requests"
            let rest = "\(Self.seconds(until - now)) s"
            let slow = health.slow(named: name)
            if let slow, slow.isSilent == true {
                let next = timed ? ", next try in \(rest)" : ""
                return "\(what) wait for its answer since \(JobDescription.time(slow.since))\(next): \(slow.reason)"
            }
            return "\(what) pause" + (timed ? " for \(rest)" : "") + (slow.map { " (\($0.reason))" } ?? "")
        }
    }

    /// Since when the provider is held, down or tried again; `nil` if the state says nothing of that kind.
    var since: Int64? {
        switch state {
        case .works, .paused, .failing: nil
        case .partlyHeld: health.impediments(now: now).values.map(\.since).min()
        case .held: health.breaker.hold?.since
        case .open, .halfOpen: health.breaker.changedAt > 0 ? health.breaker.changedAt : nil
        }
    }

    /// Why jobs wait; `nil` if nothing keeps them.
    var reason: String? { joined([breaker(timed: true)] + impediments + pauses) }

    /// Why requests of a kind wait; `nil` if nothing keeps them. The breaker does not keep downloads, a hold may.
    /// - Parameter timed: whether it is said until when. Who tells the time of the next request leaves that out.
    func reason(for kind: RequestKind, timed: Bool = true) -> String? {
        let isDownload = if case .download = kind { true } else { false }
        let breaker = isDownload && health.breaker.hold == nil ? nil : breaker(timed: timed)
        return joined([breaker] + impediments + pauses(of: kind, timed: timed))
    }

    /// When requests of a kind are sent again at the earliest, by the store's clock; `nil`: they are sent now.
    func heldBack(_ kind: RequestKind) -> Int64? {
        let wait = Int64(health.wait(kind, now: now) / .milliseconds(1))
        return wait > 0 ? now + wait : nil
    }

    private func joined(_ parts: [String?]) -> String? {
        let known = parts.compactMap(\.self)
        return known.isEmpty ? nil : known.joined(separator: "; ")
    }

    private func breaker(timed: Bool) -> String? {
        let breaker = health.breaker
        let rest = timed && breaker.state == .open ? ", next try in \(Self.seconds(max(breaker.openUntil - now, 0))) s" : ""
        let last = RecentFailures(.requests, of: health, now: now)?.last.map { ", the last with \($0)" } ?? ""
        // The cause first: terminals cut long lines.
        if let hold = breaker.hold { return "\(hold.message) (held since \(JobDescription.time(hold.since))\(rest))" }
        let since = since.map { " since \(JobDescription.time($0))" } ?? ""
        return switch breaker.state {
        case .closed: nil
        case .halfOpen: "the circuit breaker is half-open\(since): single requests try the provider (\(breaker.reason)\(last))"
        case .open: "the circuit breaker is open\(since)\(rest): \(breaker.reason)\(last)"
        }
    }

    private static func seconds(_ milliseconds: Int64) -> Int64 { (milliseconds + 999) / 1000 }
}
