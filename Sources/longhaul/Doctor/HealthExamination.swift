import EventThread
import ExportCore
import JobStore
import Redis

/// The providers' health as the orchestrators recorded it: circuit breakers that are not closed, and pauses.
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
            // The provider and Redis checks report this problem.
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
        let pauses = RequestKind.control.compactMap { kind -> String? in
            let rest = (stored.health.pausedUntil[kind.name] ?? 0) - stored.now
            return rest > 0 ? "\(kind.name) requests pause for \((rest + 999) / 1000) s because the provider asked for it" : nil
        }
        let since = breaker.changedAt > 0 ? " since \(JobDescription.time(breaker.changedAt))" : ""
        switch breaker.state {
        case .closed where pauses.isEmpty: return .good("breaker \(name)", "closed\(since)")
        case .closed: return .doubtful("breaker \(name)", "closed; \(pauses.joined(separator: ", "))")
        case .halfOpen:
            return .doubtful("breaker \(name)", "half-open\(since): probe requests test the provider, which was down (\(breaker.reason))")
        case .open:
            let rest = max(breaker.openUntil - stored.now, 0)
            return .doubtful(
                "breaker \(name)",
                "open\(since), next probe in \((rest + 999) / 1000) s: \(breaker.reason). Jobs wait and none is lost; check the provider"
            )
        }
    }
}
