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
        case .closed: !impediments.isEmpty ? .partlyHeld : pauses.isEmpty ? .works : .paused
        }
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
    var pauses: [String] {
        health.pausedUntil.sorted { $0.key < $1.key }.compactMap { name, until in
            guard until > now else { return nil }
            let what = name.hasPrefix("download:") ? "downloads from \(name.dropFirst("download:".count))" : "\(name) requests"
            return "\(what) pause for \(Self.seconds(until - now)) s" + (health.slow(named: name).map { " (\($0.reason))" } ?? "")
        }
    }

    /// Since when the provider is held, down or tried again; `nil` if the state says nothing of that kind.
    var since: Int64? {
        switch state {
        case .works, .paused: nil
        case .partlyHeld: health.impediments(now: now).values.map(\.since).min()
        case .held: health.breaker.hold?.since
        case .open, .halfOpen: health.breaker.changedAt > 0 ? health.breaker.changedAt : nil
        }
    }

    /// Why jobs wait; `nil` if nothing keeps them.
    var reason: String? {
        let parts = [breaker].compactMap { $0 } + impediments + pauses
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private var breaker: String? {
        let breaker = health.breaker
        if let hold = breaker.hold {
            let rest = Self.seconds(max(breaker.openUntil - now, 0))
            // The cause first: terminals cut long lines.
            return "\(hold.message) (held since \(JobDescription.time(hold.since)), next try in \(rest) s)"
        }
        let since = since.map { " since \(JobDescription.time($0))" } ?? ""
        switch breaker.state {
        case .closed: return nil
        case .halfOpen: return "the circuit breaker is half-open\(since): single requests try the provider (\(breaker.reason))"
        case .open:
            let rest = Self.seconds(max(breaker.openUntil - now, 0))
            return "the circuit breaker is open\(since), next try in \(rest) s: \(breaker.reason)"
        }
    }

    private static func seconds(_ milliseconds: Int64) -> Int64 { (milliseconds + 999) / 1000 }
}
