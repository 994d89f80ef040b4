import ExportCore
import JobStore
import Lifecycle
import Logging
import ProviderAPI
import Telemetry

/// A provider that this orchestrator knows, with the rules for its jobs.
final class Provider: Sendable {
    let client: ProviderClient
    let gate: ProviderGate
    let places: ProviderPlaces
    let machine: JobMachine

    var definition: ProviderDefinition { client.definition }
    var name: String { definition.name }

    init(client: ProviderClient, gate: ProviderGate, places: ProviderPlaces, rules: JobRules) {
        self.client = client
        self.gate = gate
        self.places = places
        machine = JobMachine(rules: rules)
    }

    /// The key by which the provider file groups exports to learn their durations separately.
    func kind(_ context: JobContext) async -> String {
        guard definition.polling.hasKey else { return "" }
        return await client.pollingKey(context) ?? ""
    }
}

/// The providers by name.
struct ProviderDirectory: Sendable {
    private let entries: [String: Provider]

    /// - Parameter gate: creates a provider's gate.
    init(
        _ clients: [String: ProviderClient], store: JobStore, configuration: OrchestratorConfiguration, logger: Logger,
        gate: (ProviderClient) -> ProviderGate
    ) {
        let repeated = RateLimitedLog(logger)
        entries = clients.mapValues { client in
            var rules = client.definition.jobRules
            rules.lease = configuration.lease
            rules.watchdog = configuration.watchdog
            let gate = gate(client)
            let places = ProviderPlaces(definition: client.definition, gate: gate, store: store, repeated: repeated)
            return Provider(client: client, gate: gate, places: places, rules: rules)
        }
    }

    subscript(_ name: String) -> Provider? { entries[name] }

    var names: [String] { entries.keys.sorted() }
    /// For each name the schema of its parameters as JSON, if it has one.
    var parameters: [String: String?] { entries.mapValues { $0.definition.parameters?.json } }
    var all: [Provider] { Array(entries.values) }

    /// Retriable: during a rolling update another orchestrator may already know the provider.
    static let unknown = Failure(
        .transient, code: "unknown-provider", message: "no provider file of that name is loaded; put it into LONGHAUL_PROVIDERS")
}
