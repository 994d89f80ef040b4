import ArgumentParser

/// The options that every command accepts.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("Also read settings from this YAML file; environment variables take precedence.", valueName: "file"))
    var file: String?

    func load() async throws -> Settings { try await Settings.load(file: file) }
}
