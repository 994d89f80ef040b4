import Foundation
import ProviderAPI
import Testing

@Suite("A budget that provider files share") struct SharedBudgetTests {
    private func problems(_ rates: [String]) throws -> [ProviderFileProblem] {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (index, rate) in rates.enumerated() {
            let yaml = "provider: p\(index)\nlimits: { budget: account, requests: \(rate) }\n"
            try Data(yaml.utf8).write(to: folder.appending(path: "p\(index).yaml"))
        }
        return ProviderFolder.find([folder.path]).problems
    }

    @Test("has one rate") func same() throws { #expect(try problems(["10/s", "10/s"]).isEmpty) }

    @Test("is a problem of each file that gives another rate") func different() throws {
        let found = try problems(["10/s", "10/s", "1/m"])
        #expect(found.count == 1)
        #expect(found.first?.file.hasSuffix("p2.yaml") == true)
        #expect(found.first?.field == "limits.requests")
        #expect(found.first?.message.contains("10/s") == true)
    }
}
