import ExportCore
import ProviderAPI

/// The providers that this orchestrator knows, with the rules that their jobs live by.
struct ProviderDirectory: Sendable {
    final class Entry: Sendable {
        let client: ProviderClient
        let gate: ProviderGate
        let machine: JobStateMachine

        init(client: ProviderClient, gate: ProviderGate, rules: JobRules) {
            self.client = client
            self.gate = gate
            machine = JobStateMachine(rules: rules)
        }

        /// What the provider file tells exports apart by, so that their durations are learned apart.
        func kind(_ context: JobContext) async -> String {
            guard client.definition.polling.hasKey else { return "" }
            return await client.pollingKey(context) ?? ""
        }

        /// The same on the client's thread.
        func kindAtOnce(_ context: JobContext) -> String {
            guard client.definition.polling.hasKey else { return "" }
            return client.assumeIsolated { $0.pollingKey(context) } ?? ""
        }
    }

    private let entries: [String: Entry]

    /// - Parameter gate: makes a provider's gate.
    init(
        _ clients: [String: ProviderClient], configuration: OrchestratorConfiguration, gate: (ProviderDefinition) -> ProviderGate
    ) {
        entries = clients.mapValues { client in
            var rules = client.definition.jobRules
            rules.lease = configuration.lease
            rules.watchdog = configuration.watchdog
            return Entry(client: client, gate: gate(client.definition), rules: rules)
        }
    }

    subscript(_ name: String) -> Entry? { entries[name] }

    var names: [String] { entries.keys.sorted() }
    var all: [Entry] { Array(entries.values) }

    /// Worth a few more tries: in a rolling deployment another orchestrator may know the provider already.
    static let unknown = Failure(
        .transient, code: "unknown-provider", message: "no provider file of that name is loaded; put it into LONGHAUL_PROVIDERS")
}
