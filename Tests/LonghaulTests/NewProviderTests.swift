import Foundation
import TestServers
import Testing

@testable import longhaul

@Suite("longhaul provider new", .needsServers, .timeLimit(.minutes(2))) struct NewProviderTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("has the files of ops/providers, as they are") func catalogue() throws {
        let folder = Self.root.appending(path: "ops/providers")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(CatalogueEntry.all.map { "\($0.name).yaml" } == files)
        for entry in CatalogueEntry.all {
            #expect(try String(contentsOf: folder.appending(path: "\(entry.name).yaml"), encoding: .utf8) == entry.text, "\(entry.name)")
            #expect(!entry.summary.isEmpty, "\(entry.name)")
        }
        #expect(try Data(contentsOf: folder.appending(path: "schema.json")) == Data(CatalogueEntry.schema))
    }

    @Test("writes each of them under another name, and the result passes the check", arguments: CatalogueEntry.all.map(\.name))
    func each(name: String) async throws {
        try await Installation.run { installation in
            let file = installation.folder.appending(path: "mine.yaml").path
            var ended = try await installation.longhaul("provider", "new", "mine", "--like", name, "--output", file)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.output.contains("longhaul provider check \(file)"))
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.contains("\nprovider: mine\n") || text.contains("\nprovider: mine "))
            #expect(!text.contains("ops/providers/\(name)"))
            ended = try await installation.longhaul("provider", "check", file)
            #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
        }
    }

    @Test("puts the file into the folder of the settings, with a schema for editors, and overwrites nothing") func folder() async throws {
        try await Installation.run { installation in
            #expect(try await installation.longhaul("provider", "new", "mine").status == 0)
            let folder = installation.folder.appending(path: "providers")
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: "mine.yaml").path))
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: "schema.json").path))
            let again = try await installation.longhaul("provider", "new", "mine")
            #expect(again.status == 64 && again.errors.contains("exists already"), "\(again.errors)")
        }
    }

    @Test("understands a part of a name, and says what there is") func names() async throws {
        try await Installation.run { installation in
            let fhir = try await installation.longhaul("provider", "new", "ehr", "--like", "fhir", "--output", "-")
            #expect(fhir.status == 0 && fhir.output.contains("provider: ehr"))
            let several = try await installation.longhaul("provider", "new", "x", "--like", "amazon", "--output", "-")
            #expect(several.status == 64 && several.errors.contains("amazon-ads, amazon-selling-partner"), "\(several.errors)")
            let none = try await installation.longhaul("provider", "new", "x", "--like", "nothing", "--output", "-")
            #expect(none.status == 64 && none.errors.contains("not in the catalogue"), "\(none.errors)")
            let bad = try await installation.longhaul("provider", "new", "My_API", "--output", "-")
            #expect(bad.status == 64 && bad.errors.contains("a-z, 0-9"), "\(bad.errors)")
            let list = try await installation.longhaul("provider", "new", "--list", "--json")
            #expect(list.status == 0 && list.output.split(separator: "\n").count == CatalogueEntry.all.count)
        }
    }
}
