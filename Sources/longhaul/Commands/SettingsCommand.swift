import ArgumentParser

struct SettingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "List all settings with their defaults.",
        discussion: "The value of a setting that may hold a secret can also be read from the file that NAME_FILE names.")

    @Flag(help: "Print a Markdown table.") var markdown = false

    func run() async throws {
        if markdown { return print(Setting.reference) }
        var table = Table(["SETTING", "DEFAULT", "MEANING"])
        for setting in Setting.all { table.add([setting.name, setting.standard ?? "–", setting.help]) }
        print(table.text(width: nil))
    }
}
