import ArgumentParser

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider",
        abstract: "Write, check and try provider files, list providers with their health, or let their jobs continue at once.",
        discussion: """
            longhaul provider new acme --like salesforce
            longhaul provider check providers/acme.yaml
            longhaul provider try providers/acme.yaml -p report=orders
            longhaul provider list
            longhaul provider resume acme

            Listed are the providers that running orchestrators report. Their health is what all orchestrators share: the circuit breaker, and \
            pauses that the provider asked for.
            """,
        subcommands: [
            NewProviderCommand.self, CheckProvidersCommand.self, TryProviderCommand.self, ListProvidersCommand.self,
            ShowProviderCommand.self,
            ResumeProviderCommand.self, LoginCommand.self, KeySetCommand.self, ProviderSchemaCommand.self,
        ])
}
