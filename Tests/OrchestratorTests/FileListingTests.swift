import ExportCore
import ProviderAPI
import Testing

@testable import Orchestrator

@Suite("The files of a listed page")
struct FileListingTests {
    private func tasks(_ names: [String]) -> [FileTask] {
        FileListing.tasks(names.map { ListedFile(name: $0, url: "https://x.example/f") }, page: "2", after: 10)
    }

    @Test("get what is usable of their names, and keep the names themselves") func names() {
        let listed = ["a.csv", "../b.csv", "/c/d.csv", "..", ""]
        #expect(tasks(listed).map(\.name) == ["a.csv", "_/b.csv", "c/d.csv", "file-13", "file-14"])
        #expect(tasks(listed).map(\.listedName) == listed)
    }

    @Test("remember whether the listing names them") func source() {
        let unnamed = ListedFile(name: "download", url: "https://x.example/download", isNamed: false)
        #expect(FileListing.tasks([unnamed], page: nil, after: 0).map(\.namedBy) == [.url])
        #expect(tasks(["a"]).map(\.namedBy) == [.listing])
    }
}
