import ArgumentParser
import EventThread
import ExportCore
import JobStore

struct ResumeProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract:
            "Let requests to a provider pass again: end a hold and its pauses, close its circuit breaker, and enable its webhook endpoint.",
        discussion: """
            Use it after the cause is gone, such as a new token or the end of a maintenance. If it is not gone, the provider is kept back \
            again. The orchestrators follow within two seconds; each job continues within about a minute (`longhaul job ID`).

            Example: longhaul provider resume acme
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: ArgumentHelp("The names of the providers.", valueName: "name")) var names: [String]
    @Flag(help: "Print one JSON object per line.") var json = false

    /// Orchestrators write the health a few times a second.
    private static let attempts = 50

    func run() async throws {
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-provider", on: thread, logger: Terminal.quietLogger)
        do {
            try await refuseUnknown(connection.store)
            for name in names { try await resume(name, connection.store) }
        } catch let error as JobStoreError {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
        thread.stop()
    }

    private func refuseUnknown(_ store: JobStore) async throws {
        let known = try await store.knownProviders()
        for name in names where !known.contains(name) {
            // A provider whose orchestrators are gone still has its health.
            guard try await store.health(of: name).version == 0 else { continue }
            guard !known.names.isEmpty else { throw Problem.usage("no orchestrator has reported a provider yet; start one") }
            throw Problem.usage(UnknownProvider.message(name, known: known.names))
        }
    }

    private func resume(_ name: String, _ store: JobStore) async throws {
        let disabled = try await store.disabledEndpoints(of: [name])[name]
        if let disabled, try await store.enableEndpoint(of: name) {
            show(name, "resumed", "its webhook endpoint was disabled: \(disabled.reason)")
        }
        for _ in 0..<Self.attempts {
            var stored = try await store.health(of: name)
            guard let reason = ProviderCondition(stored).reason else {
                if disabled != nil { return }
                return show(name, "unchanged", "nothing keeps its requests back")
            }
            let before = stored.health
            stored.health.resume(now: stored.now)
            if try await store.setHealth(stored.health, of: name, read: stored.version, before: before, by: Operator.name) {
                return show(name, "resumed", reason)
            }
        }
        throw Problem.failed("\(name): its health changes too often to be set; run the command again")
    }

    private func show(_ name: String, _ outcome: String, _ detail: String) {
        if json { return Terminal.line(JobDescription.json(["provider": name, "outcome": outcome, "detail": detail])) }
        Terminal.line("\(name)  \(outcome)  \(outcome == "resumed" ? "before: " : "")\(detail)")
    }
}
