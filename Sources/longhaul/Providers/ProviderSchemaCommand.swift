import ArgumentParser
import Foundation
import ProviderAPI

struct ProviderSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of provider files, for editors.",
        discussion: """
            Editors with the YAML language server use it for completion and \
            checks, if a file begins with

              # yaml-language-server: $schema=schema.json

            Example: longhaul provider schema > providers/schema.json
            """)

    @Option(help: ArgumentHelp("Take descriptions of keys from this reference page (ops/docs/providers.md).", valueName: "file"))
    var reference: String?

    func run() async throws {
        let page: String
        do {
            page = try reference.map { try String(contentsOfFile: $0, encoding: .utf8) } ?? ""
        } catch {
            throw Problem.usage("--reference: \(error.localizedDescription)")
        }
        print(try FileSchema.json(describedBy: page), terminator: "")
    }
}
