import ArgumentParser

/// What every command takes.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .customLong("config"), help: ArgumentHelp("Read settings from this YAML file too; the environment wins.", valueName: "file"))
    var file: String?

    func load() async throws -> Settings { try await Settings.load(file: file) }
}
