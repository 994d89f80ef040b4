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
            again. The orchestrators follow within two seconds. Jobs and files that were kept back are asked within two minutes, spread over \
            that time; one whose own last answer named a later time is asked then (`longhaul explain ID`).

            Example: longhaul provider resume acme
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: ArgumentHelp("The names of the providers.", valueName: "name")) var names: [String]
    @Flag(help: "Print one JSON object per line.") var json = false

    /// Orchestrators write the health a few times a second.
    private static let attempts = 50
    /// Whoever is kept back asks again after a minute at the latest, and a large backlog is spread over two (`ProviderGate.later`).
    private static let askedWithin = 120

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
            show(name, "resumed", before: "its webhook endpoint was disabled: \(disabled.reason)")
        }
        for _ in 0..<Self.attempts {
            var stored = try await store.health(of: name)
            guard let reason = ProviderCondition(stored).reason else {
                if disabled != nil { return }
                return show(name, "unchanged", before: "nothing keeps its requests back")
            }
            let before = stored.health
            stored.health.resume(now: stored.now)
            if try await store.setHealth(stored.health, of: name, read: stored.version, before: before, by: Operator.name) {
                return show(name, "resumed", before: reason, hasWaitingJobs: true)
            }
        }
        throw Problem.failed("\(name): its health changes too often to be set; run the command again")
    }

    private func show(_ name: String, _ outcome: String, before detail: String, hasWaitingJobs: Bool = false) {
        if json {
            var members: [String: Any] = ["provider": name, "outcome": outcome, "detail": detail]
            if hasWaitingJobs { members["askedWithinSeconds"] = Self.askedWithin }
            return Terminal.line(JobDescription.json(members))
        }
        Terminal.line("\(name)  \(outcome)  \(outcome == "resumed" ? "before: " : "")\(detail)")
        guard hasWaitingJobs else { return }
        Terminal.line(
            "what waited is asked within \(Self.askedWithin / 60) minutes, or when its own last answer said (`longhaul explain ID`)")
    }
}
