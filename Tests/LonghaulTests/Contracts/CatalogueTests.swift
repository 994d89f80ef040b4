import Foundation
import Testing

@Suite("The catalogue")
struct CatalogueTests {
    /// Without a contract: the simulated API, which the whole program is tested against.
    private static let own = ["sandbox"]

    private static let entries: [String] = {
        let folder = Contract.root.appending(path: "ops/providers").path
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }()

    @Test("has a contract for each entry") func contracts() {
        #expect(Set(Contract.names) == Set(Self.entries).subtracting(Self.own))
    }

    @Test("has a page for each entry, and the README lists it") func pages() throws {
        let readme = try String(contentsOf: Contract.root.appending(path: "README.md"), encoding: .utf8)
        for entry in Self.entries {
            #expect(
                FileManager.default.fileExists(atPath: Contract.root.appending(path: "ops/docs/providers/\(entry).md").path), "\(entry)")
            #expect(readme.contains("(ops/docs/providers/\(entry).md)"), "\(entry)")
        }
    }
}
