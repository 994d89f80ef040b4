import ArgumentParser
import EventThread
import ExportCore
import JobStore

struct ListProvidersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the providers that orchestrators know, with their health.",
        discussion: """
            STATE is works, paused (the provider asked for it), open (the circuit breaker keeps all requests back), half-open (single \
            requests try the provider), held (the provider refuses every request; single requests try again), partly-held (some processes \
            cannot ask it, because of a missing secret for example) or failing (nothing keeps requests back, but the last requests or \
            downloads failed). REASON says why, and what failed within the last hour.

            Example: longhaul provider list --json
            """)

    @OptionGroup var options: SettingsOptions
    @Flag(help: "Print one JSON object per line.") var json = false

    func run() async throws {
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-provider", on: thread, logger: Terminal.quietLogger)
        let known: KnownProviders
        var conditions: [(name: String, condition: ProviderCondition)] = []
        do {
            known = try await connection.store.knownProviders()
            for name in known.names { conditions.append((name, ProviderCondition(try await connection.store.health(of: name)))) }
        } catch {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
        thread.stop()
        if json {
            for (name, condition) in conditions { print(JobDescription.json(Self.members(name, condition, known))) }
        } else {
            show(conditions, known)
        }
    }

    private func show(_ conditions: [(name: String, condition: ProviderCondition)], _ known: KnownProviders) {
        guard !conditions.isEmpty else { return print("no orchestrator has reported a provider yet; start one") }
        if !known.areCurrent { Terminal.error("warning: no orchestrator is running; this is what the last ones reported") }
        var table = Table(["PROVIDER", "STATE", "SINCE", "REASON"])
        for (name, condition) in conditions {
            let reasons = [condition.reason].compactMap(\.self) + condition.failures.map(\.text)
            table.add([name, condition.state.rawValue, JobDescription.time(condition.since), reasons.joined(separator: "; ")])
        }
        print(table.text(width: Terminal.width))
    }

    private static func members(_ name: String, _ condition: ProviderCondition, _ known: KnownProviders) -> [String: Any] {
        let breaker = condition.health.breaker
        var members: [String: Any] = ["provider": name, "state": condition.state.rawValue, "breaker": breaker.state.rawValue]
        members["reportedAt"] = known.reportedAt[name]
        members["since"] = condition.since
        members["reason"] = condition.reason
        members["hold"] = breaker.hold?.code
        for failures in condition.failures {
            members[failures.work == .files ? "failedFiles" : "failedRequests"] = failures.members
        }
        if breaker.state == .open { members["openUntil"] = breaker.openUntil }
        if !condition.pausedSeconds.isEmpty {
            members["pausedSeconds"] = condition.pausedSeconds
        }
        return members
    }
}
