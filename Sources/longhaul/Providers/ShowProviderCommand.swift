import ArgumentParser
import EventThread
import JobStore
import ProviderAPI

struct ShowProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the parameters of a provider's jobs, and whether it may be asked now.",
        discussion: """
            Shows what running orchestrators have reported.

            Example: longhaul provider show acme
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: ArgumentHelp("The provider.", valueName: "name")) var name: String
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-provider", on: thread, logger: Terminal.quietLogger)
        let known: KnownProviders, condition: ProviderCondition, disabled: DisabledEndpoint?
        do {
            known = try await connection.store.knownProviders()
            condition = ProviderCondition(try await connection.store.health(of: name))
            disabled = try await connection.store.disabledEndpoints(of: [name])[name]
        } catch {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
        thread.stop()
        guard known.contains(name) else {
            guard !known.names.isEmpty else { throw Problem.usage("no orchestrator has reported a provider yet; start one") }
            throw Problem.usage(UnknownProvider.message(name, known: known.names))
        }
        let schema = known.parameters[name].flatMap { ParameterSchema(json: $0) }
        if json { return print(Self.object(name, condition, schema, disabled)) }
        print("\(Terminal.paint(name, .bold))  \(condition.state.rawValue)" + (condition.reason.map { "  \($0)" } ?? ""))
        for failures in condition.failures { print(failures.text) }
        if let disabled { print(disabled.text) }
        guard let schema, !schema.parameters.isEmpty else { return print("its file says nothing about parameters") }
        var table = Table(["PARAMETER", "TYPE", "REQUIRED", "DEFAULT", "DESCRIPTION"])
        for parameter in schema.parameters {
            table.add([
                parameter.name, parameter.type, parameter.isRequired ? "yes" : "", parameter.standard ?? "", parameter.description ?? "",
            ])
        }
        print(table.text(width: Terminal.width))
    }

    private static func object(
        _ name: String, _ condition: ProviderCondition, _ schema: ParameterSchema?, _ disabled: DisabledEndpoint?
    ) -> String {
        var members: [String: Any] = ["provider": name, "state": condition.state.rawValue]
        members["reason"] = condition.reason
        members["disabledWebhook"] = disabled.map { ["since": $0.since, "reason": $0.reason, "skipped": $0.skipped] as [String: Any] }
        members["parameters"] = schema?.parameters.map { parameter in
            var entry: [String: Any] = ["name": parameter.name, "type": parameter.type, "required": parameter.isRequired]
            entry["default"] = parameter.standard
            entry["description"] = parameter.description
            return entry
        }
        return JobDescription.json(members)
    }
}
