import EventThread
import ExportCore
import JobStore

/// The health of providers, as the orchestrators recorded it.
struct HealthExamination: Sendable {
    private let connection: StoreConnection

    /// - Returns: `nil` if the store cannot be reached, which another check reports.
    static func open(_ settings: Settings, on thread: EventThread) async -> HealthExamination? {
        let connection = try? await StoreConnection.open(settings, name: "longhaul-doctor", on: thread, logger: Terminal.quietLogger)
        return connection.map(HealthExamination.init)
    }

    /// Whether the provider is asked, and what failed lately.
    /// - Returns: also its condition; `nil` if nothing is known of it.
    func examine(_ name: String) async -> (findings: [Finding], condition: ProviderCondition?) {
        do {
            let stored = try await connection.store.health(of: name), condition = ProviderCondition(stored)
            guard stored.version > 0 else {
                return ([.good("health", "not known yet: no orchestrator or worker has sent it a request")], nil)
            }
            return (Self.findings(condition), condition)
        } catch {
            return ([.bad("health", "\(error)")], nil)
        }
    }

    /// What the object storage refused the workers lately, whatever the provider; `nil`: nothing, or that is not known.
    func storage() async -> Finding? {
        guard let known = try? await connection.store.knownProviders().names else { return nil }
        var (healths, now): ([ProviderHealth], Int64) = ([], 0)
        for name in known {
            guard let stored = try? await connection.store.health(of: name) else { return nil }
            healths.append(stored.health)
            now = stored.now
        }
        return StorageRefusals(healths, now: now)?.finding
    }

    /// Whether what is wrong with many providers has one cause.
    func commonCause(_ conditions: [String: ProviderCondition]) async -> Finding? {
        let counts = (try? await connection.store.countsByProvider()) ?? [:]  // another check reports a store that does not answer
        let busy = counts.filter { !$0.key.status.isFinal && $0.value > 0 }.map(\.key.provider)
        return CommonCause(conditions, busy: Set(busy))?.finding
    }

    /// Whether its webhook endpoint is disabled; `nil` if it is not.
    func webhook(_ name: String) async -> Finding? {
        do {
            return try await connection.store.disabledEndpoints(of: [name])[name].map { .doubtful("webhook", $0.text) }
        } catch {
            return .bad("webhook", "\(error)")
        }
    }

    static func findings(_ condition: ProviderCondition) -> [Finding] {
        [finding(condition)] + condition.failures.map { .doubtful($0.work == .files ? "downloads" : "requests", $0.text) }
    }

    private static func finding(_ condition: ProviderCondition) -> Finding {
        guard let reason = condition.reason else { return .good("health", "nothing keeps its requests back") }
        let text = "\(reason). Jobs wait and none is lost; once the cause is gone, `longhaul provider resume` lets them continue"
        // A hold needs somebody. A breaker and a pause end by themselves.
        return condition.state == .held ? .bad("health", text) : .doubtful("health", text)
    }

    func close() async { await connection.close() }
}
