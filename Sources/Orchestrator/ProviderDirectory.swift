import ExportCore
import ProviderAPI

/// The providers that this orchestrator knows, with the rules that their jobs live by.
struct ProviderDirectory: Sendable {
    struct Entry: Sendable {
        let client: ProviderClient
        let rules: JobRules
        var machine: JobStateMachine { JobStateMachine(rules: rules) }
    }

    private let entries: [String: Entry]

    init(_ clients: [String: ProviderClient], configuration: OrchestratorConfiguration) {
        entries = clients.mapValues { client in
            var rules = client.definition.jobRules
            rules.lease = configuration.lease
            rules.watchdog = configuration.watchdog
            return Entry(client: client, rules: rules)
        }
    }

    subscript(_ name: String) -> Entry? { entries[name] }

    var names: [String] { entries.keys.sorted() }

    static let unknown = JobError(
        code: "unknown-provider", message: "no provider file of that name is loaded; put it into LONGHAUL_PROVIDERS and retry the job")
}
