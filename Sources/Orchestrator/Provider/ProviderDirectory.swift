import ExportCore
import Foundation
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
    let metrics: StepMetrics
    /// How its checks are slowed down. All versions of its file share it.
    let pace: ProviderPace

    var definition: ProviderDefinition { client.definition }
    var name: String { definition.name }

    init(client: ProviderClient, gate: ProviderGate, places: ProviderPlaces, metrics: StepMetrics, pace: ProviderPace, rules: JobRules) {
        self.client = client
        self.gate = gate
        self.places = places
        self.metrics = metrics
        self.pace = pace
        machine = JobMachine(rules: rules)
    }

    /// The time of day, if the API tells of several exports at once: their checks then fall due together.
    var clock: Duration? { client.batchRules == nil ? nil : .seconds(Date().timeIntervalSince1970) }

    /// Notes the answer to a check for the pace of the next ones.
    func note(_ failure: Failure?, took: Duration) { pace.answered(failure, isSlow: took > definition.breaker.slowAfter) }

    /// The key by which the provider file groups exports to learn their durations separately.
    func kind(_ context: JobContext) async -> ExportKind {
        ExportKind(provider: name, key: definition.polling.hasKey ? await client.pollingKey(context) ?? "" : "")
    }
}

/// The providers by name, in all versions that jobs use.
struct ProviderDirectory: Sendable {
    let versions: ProviderVersions<Provider>

    /// - Parameter gate: creates a provider's gate.
    init(
        _ clients: some Sequence<ProviderClient>, library: PlanLibrary?, store: JobStore, configuration: OrchestratorConfiguration,
        logger: Logger, gate: @escaping @Sendable (ProviderClient) -> ProviderGate
    ) {
        let repeated = RateLimitedLog(logger)
        versions = ProviderVersions(clients, library: library) { client, present in
            var rules = client.definition.jobRules
            rules.lease = configuration.lease
            rules.watchdog = configuration.watchdog
            let gate = present?.gate ?? gate(client)
            let places =
                present?.places ?? ProviderPlaces(definition: client.definition, gate: gate, store: store, repeated: repeated)
            return Provider(
                client: client, gate: gate, places: places, metrics: present?.metrics ?? StepMetrics(client.definition.name),
                pace: present?.pace ?? ProviderPace(client.definition.name), rules: rules)
        }
    }

    /// The present version.
    subscript(_ name: String) -> Provider? { versions[name] }

    /// The version that the job was created with, if it is loaded here.
    subscript(_ job: ClaimedJob) -> Provider? { versions[job.request.provider, job.exportHandle] }

    /// The present version, if jobs may be created with it.
    func offered(_ name: String) -> Provider? { versions.offered(name) }

    var names: [String] { versions.names }
    /// For each name the schema of its parameters as JSON, if it has one.
    var parameters: [String: String?] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, versions[$0]?.definition.parameters?.json) })
    }
    var all: [Provider] { versions.all }

    /// Retriable: during a rolling update another orchestrator may already know the provider.
    static let unknown = Failure(
        .transient, code: "unknown-provider", message: "no provider file of that name is loaded; put it into LONGHAUL_PROVIDERS")
}
