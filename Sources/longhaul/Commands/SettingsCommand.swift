import ArgumentParser

struct SettingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "List every setting.",
        discussion: "A setting that may hold a secret can also come from a file: NAME_FILE names it.")

    @Flag(help: "As a Markdown table.") var markdown = false

    func run() async throws {
        if markdown { return print(Setting.reference) }
        var table = Table(["SETTING", "DEFAULT", "MEANING"])
        for setting in Setting.all { table.add([setting.name, setting.standard ?? "–", setting.help]) }
        print(table.text(width: nil))
    }
}
