import EventThread
import ExportCore
import JobStore
import Redis

/// What the orchestrators know of the providers' health: circuit breakers that are not closed, and pauses.
struct HealthExamination: Sendable {
    let settings: Settings
    let thread: EventThread

    func findings() async -> [Finding] {
        let names: [String]
        let connection: StoreConnection
        do {
            names = try settings.providerSources().map(\.name)
            connection = try await StoreConnection.open(settings, name: "longhaul-doctor", on: thread, logger: Terminal.quietLogger)
        } catch {
            // Told by the examinations of the providers and of Redis.
            return []
        }
        var findings: [Finding] = []
        for name in names {
            do {
                findings.append(Self.finding(name, try await connection.store.health(of: name)))
            } catch {
                findings.append(.bad("breaker \(name)", "\(error)"))
            }
        }
        await connection.close()
        return findings
    }

    static func finding(_ name: String, _ stored: StoredHealth) -> Finding {
        let breaker = stored.health.breaker
        let pauses = RequestKind.allCases.compactMap { kind -> String? in
            let rest = (stored.health.pausedUntil[kind.rawValue] ?? 0) - stored.now
            return rest > 0 ? "\(kind.rawValue) requests pause for \((rest + 999) / 1000) s on the provider's request" : nil
        }
        let since = breaker.changedAt > 0 ? " since \(JobDescription.time(breaker.changedAt))" : ""
        switch breaker.state {
        case .closed where pauses.isEmpty: return .good("breaker \(name)", "closed\(since)")
        case .closed: return .doubtful("breaker \(name)", "closed; \(pauses.joined(separator: ", "))")
        case .halfOpen:
            return .doubtful("breaker \(name)", "half-open\(since): single requests try the provider, which was down (\(breaker.reason))")
        case .open:
            let rest = max(breaker.openUntil - stored.now, 0)
            return .doubtful(
                "breaker \(name)",
                "open\(since), tried again in \((rest + 999) / 1000) s: \(breaker.reason). Jobs wait, nothing is lost; is the provider down?"
            )
        }
    }
}
