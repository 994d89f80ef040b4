import ArgumentParser
import Foundation
import ProviderAPI

struct NewProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a commented provider file, from a template or like one of the catalogue.",
        discussion: """
            The file goes into the folder of LONGHAUL_PROVIDERS, or into this one. A schema.json is put beside it, with which editors \
            complete and check the file.

            Examples:
              longhaul provider new acme
              longhaul provider new sales --like salesforce
              longhaul provider new --list
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: ArgumentHelp("The name of the provider, 1 to 64 of the characters a-z, 0-9 and -.", valueName: "name")) var name:
        String?
    @Option(help: ArgumentHelp("The file of the catalogue to begin with (default: template).", valueName: "name")) var like: String?
    @Option(help: ArgumentHelp("The file to write; - is standard output.", valueName: "file")) var output: String?
    @Flag(help: "Only list the catalogue.") var list = false
    @Flag(help: "Print the list as JSON objects, one a line.") var json = false

    func validate() throws {
        if list, name != nil { throw ValidationError("--list takes no name") }
        if json, !list { throw ValidationError("--json belongs to --list") }
        if !list, name == nil { throw ValidationError("give a name, such as longhaul provider new acme") }
    }

    func run() async throws {
        guard let name else { return printList() }
        let settings = try await options.load()
        let entry = try CatalogueEntry.named(like ?? "template")
        let path = output ?? Self.path(settings, name)
        let text = Self.text(entry, name, path)
        do throws(ProviderFileError) {
            _ = try ProviderSource(yaml: text, file: path)
        } catch {
            throw Problem.usage("\(name): \(error.problems.first?.message ?? "not a name"); \(error.problems.first?.fix ?? "")")
        }
        if path == "-" { return print(text, terminator: "") }
        try write(Data(text.utf8), to: path)
        let schema = URL(filePath: path).deletingLastPathComponent().appending(path: "schema.json").path
        if !FileManager.default.fileExists(atPath: schema) { try write(Data(CatalogueEntry.schema), to: schema) }
        Terminal.line("wrote \(path), like \(entry.name)")
        Self.next(entry, path)
    }

    /// The folder of provider files, if there is exactly one.
    private static func path(_ settings: Settings, _ name: String) -> String {
        let folders = ((try? settings.text("LONGHAUL_PROVIDERS")) ?? nil)?.split(separator: ",").map(String.init) ?? []
        var isFolder: ObjCBool = false
        guard folders.count == 1, FileManager.default.fileExists(atPath: folders[0], isDirectory: &isFolder), isFolder.boolValue else {
            return "\(name).yaml"
        }
        return URL(filePath: folders[0]).appending(path: "\(name).yaml").relativePath
    }

    private static func text(_ entry: CatalogueEntry, _ name: String, _ path: String) -> String {
        let file = path == "-" ? "\(name).yaml" : path
        return entry.text.replacing("ops/providers/\(entry.name).yaml", with: file).replacing("ops/providers/mine.yaml", with: file)
            .replacing("\nprovider: \(entry.name)", with: "\nprovider: \(name)")
    }

    private func write(_ data: Data, to path: String) throws {
        do {
            try data.write(to: URL(filePath: path), options: .withoutOverwriting)
        } catch CocoaError.fileWriteFileExists {
            throw Problem.usage("\(path): exists already; remove it, or give --output FILE")
        } catch {
            throw Problem.usage("\(path): cannot be written (\(error.localizedDescription)); give --output FILE")
        }
    }

    private static func next(_ entry: CatalogueEntry, _ path: String) {
        if !entry.secrets.isEmpty { Terminal.line("set    \(entry.secrets.joined(separator: ", ")) (or NAME_FILE, the path of a file)") }
        Terminal.line("check  longhaul provider check \(path)")
        Terminal.line("try    longhaul provider try \(path) -p NAME=VALUE")
    }

    private func printList() {
        if json {
            for entry in CatalogueEntry.all {
                print(JobDescription.json(["name": entry.name, "summary": entry.summary, "secrets": entry.secrets]))
            }
            return
        }
        var table = Table(["NAME", "WHAT IT EXPORTS"])
        for entry in CatalogueEntry.all { table.add([entry.name, entry.summary]) }
        print(table.text(width: Terminal.width))
    }
}
