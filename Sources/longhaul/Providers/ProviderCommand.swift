import ArgumentParser

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider", abstract: "List providers with their health, or let their jobs continue at once.",
        discussion: """
            longhaul provider list
            longhaul provider resume acme

            Providers are those that running orchestrators report. Their health is what all orchestrators share: the circuit breaker, and
            pauses that the provider asked for.
            """,
        subcommands: [ListProvidersCommand.self, ResumeProviderCommand.self])
}
