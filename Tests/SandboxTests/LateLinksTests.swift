import Testing

@testable import Sandbox

@Suite("Faults: late links")
struct LateLinksTests {
    private struct Listing: Decodable {
        struct File: Decodable {
            var name: String
            var url: String?
        }

        var files: [File]
        var nextPage: String?
    }

    private func list(_ id: String, in sandbox: RunningSandbox, page: String = "") async throws -> Listing {
        let answer = try await sandbox.http.get("/v2/exports/\(id)/files\(page)")
        #expect(answer.status == 200)
        return try answer.decode(Listing.self)
    }

    @Test("the first listings name no files, or files without links, and the next is complete")
    func firstListings() async throws {
        try await RunningSandbox.with(["duration": "0s"]) { sandbox in
            let export = try await sandbox.create(#"{"files": 2, "faults": {"lateLinks": 2}}"#)
            #expect(try await sandbox.status(export.id).status == "DONE")
            var counts: [Int] = []
            for _ in 1...2 {
                let late = try await list(export.id, in: sandbox)
                #expect(late.files.allSatisfy { $0.url == nil } && late.nextPage == nil)
                counts.append(late.files.count)
            }
            #expect(counts.sorted() == [0, 2])
            let complete = try await sandbox.files(export.id)
            #expect(complete.count == 2)
            for file in complete { #expect(try await sandbox.http.get(file.target).status == 200) }
            #expect(try await sandbox.truth(export.id)[0].faults == ["lateLinks"])
        }
    }

    @Test("with a time, the links of an export that was hit are late until then, and those of others are not")
    func time() async throws {
        try await RunningSandbox.with(["duration": "10s", "late-links": "30s"]) { sandbox in
            let hit = try await sandbox.create(#"{"files": 1, "faults": ["lateLinks"]}"#)
            let other = try await sandbox.create(#"{"files": 1}"#)
            sandbox.clock.advance(by: .seconds(10))
            #expect(try await sandbox.files(other.id).count == 1)
            for _ in 1...5 { #expect(try await list(hit.id, in: sandbox).files.allSatisfy { $0.url == nil }) }
            sandbox.clock.advance(by: .milliseconds(29_999))
            #expect(try await list(hit.id, in: sandbox).files.allSatisfy { $0.url == nil })
            sandbox.clock.advance(by: .milliseconds(1))
            #expect(try await sandbox.files(hit.id).count == 1)
        }
    }

    @Test("a later page names its files even without links, so that the list does not seem to end")
    func laterPage() async throws {
        try await RunningSandbox.with(["duration": "0s", "page-size": "1"]) { sandbox in
            let export = try await sandbox.create(#"{"files": 3, "faults": {"lateLinks": "100%"}}"#)
            for _ in 1...2 {
                let page = try await list(export.id, in: sandbox, page: "?page=p1")
                #expect(page.files.count == 1 && page.files.allSatisfy { $0.url == nil } && page.nextPage == "p2")
            }
        }
    }

    @Test("an export that has not ended is not ready rather than late")
    func beforeTheEnd() async throws {
        try await RunningSandbox.with { sandbox in
            let export = try await sandbox.create(#"{"faults": {"lateLinks": "100%"}}"#)
            #expect(try await sandbox.http.get("/v2/exports/\(export.id)/files").status == 409)
            #expect(try await sandbox.truth(export.id)[0].faults == [])
        }
    }
}
