import ExportCore
import TestServers
import Testing

@testable import Worker

@Suite("The data in an export's answers", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct DataTransferTests {
    /// Pages of rows, which a filter takes out of JSON.
    private static let rows = "data: .response.body.rows, as: csv, name: rows.csv, next: .response.body.next, join: true"
    /// Pages that are CSV themselves.
    private static let bodies = #"data: body, as: csv, name: rows.csv, next: '.response.headers["x-next"]', join: true"#
    private static let joined = "id,name\n1,x\n2,y\n3,z\n"

    private static func page(_ body: [UInt8], _ headers: String..., next: String? = nil) -> ScriptedFiles.Answer {
        var page = ScriptedFiles.Answer(body)
        page.headers = headers + (next.map { ["X-Next: \($0)"] } ?? [])
        return page
    }

    private static func csv(_ text: String, next: String? = nil) -> ScriptedFiles.Answer {
        page(Array(text.utf8), "Content-Type: text/csv", next: next)
    }

    private static let first = csv("id,name\n1,x\n", next: "2")
    private static let second = csv("id,name\n2,y\n", next: "3")
    private static let third = csv("id,name\n3,z\n")

    @Test("is joined from pages of rows in their order, with one header; each page is asked for once") func oneObject() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transferPages(
                Self.rows,
                [
                    "/rows": [.init(#"{"rows":[{"id":1,"name":"x"}],"next":"2"}"#)],
                    "/rows?page=2": [.init(#"{"rows":[{"id":2,"name":"a, \"b\""},{"name":null,"id":3}],"next":"3"}"#)],
                    "/rows?page=3": [.init(#"{"rows":[{"id":4}],"next":null}"#)],
                ])
            #expect(result.job.state.status == .completed)
            #expect(result.objects == ["rows.csv": "id,name\n1,x\n2,\"a, \"\"b\"\"\"\n3,\n4,\n"])
            #expect(result.requests == ["/rows": 1, "/rows?page=2": 1, "/rows?page=3": 1])
            #expect(result.failures.isEmpty)
        }
    }

    @Test("is joined from bodies, whose header is stored once, also where a page does not end its last line") func header() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transferPages(
                Self.bodies,
                [
                    "/rows": [Self.csv("id,name\n1,x", next: "2")], "/rows?page=2": [Self.csv("id,name\r\n2,y\n", next: "3")],
                    "/rows?page=3": [Self.third],
                ])
            #expect(result.objects == ["rows.csv": Self.joined])
            #expect(result.requests.values.allSatisfy { $0 == 1 })
        }
    }

    @Test("stays in pages without join, which the manifest lists in their order") func apart() async throws {
        let files = "data: .response.body.rows, as: ndjson, next: .response.body.next"
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transferPages(
                files,
                [
                    "/rows": [.init(#"{"rows":[{"id":1},{"id":2}],"next":"2"}"#)], "/rows?page=2": [.init(#"{"rows":[{"id":3}]}"#)],
                ])
            #expect(result.names == ["data-1.ndjson", "data-2.ndjson"])
            #expect(result.objects == ["data-1.ndjson": "{\"id\":1}\n{\"id\":2}\n", "data-2.ndjson": "{\"id\":3}\n"])
        }
    }

    @Test("is an empty object if there is none") func empty() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transferPages(Self.rows, ["/rows": [.init(#"{"rows":[]}"#)]])
            #expect(result.job.state.status == .completed)
            #expect(result.objects == ["rows.csv": ""])
        }
    }

    @Test(
        "is unpacked page by page: a coding is undone, and so is a gzip by name",
        arguments: [("rows.csv", "Content-Encoding: gzip"), ("rows.csv.gz", "Content-Type: application/gzip")])
    func packed(name: String, header: String) async throws {
        let pages = [
            "/rows": [Self.page(try Packed.gzip(Array("id,name\n1,x\n".utf8)), header, next: "2")],
            "/rows?page=2": [Self.page(try Packed.gzip(Array("id,name\n2,y\n".utf8)), header, next: "3")],
            "/rows?page=3": [Self.page(try Packed.gzip(Array("id,name\n3,z\n".utf8)), header)],
        ]
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transferPages(Self.bodies.replacing("rows.csv", with: name), pages)
            #expect(result.objects == ["rows.csv": Self.joined])
            #expect(result.failures.isEmpty)
        }
    }

    @Test("goes on at a page that was throttled, and asks for no other again", arguments: ["0", "1"])
    func throttled(seconds: String) async throws {
        try await WorkerFixture.run { fixture in
            let busy = ScriptedFiles.Answer("slow down", "Retry-After: \(seconds)", status: 429)
            let result = try await fixture.transferPages(
                Self.bodies, ["/rows": [Self.first], "/rows?page=2": [busy, Self.second], "/rows?page=3": [Self.third]])
            #expect(result.objects == ["rows.csv": Self.joined])
            #expect(result.requests == ["/rows": 1, "/rows?page=2": 2, "/rows?page=3": 1])
            #expect(result.failures.isEmpty, "no attempt at the file has ended")
        }
    }

    @Test("begins again with the first page after a page that breaks off, or is another document") func again() async throws {
        let broken = ScriptedFiles.Answer(Array("id,name\n2,".utf8), "X-Next: 3", "Content-Length: 5000", hasLength: false)
        let login = ScriptedFiles.Answer("<html>please log in</html>", "Content-Type: text/html", "X-Next: 3")
        for (answer, code) in [(broken, "truncated"), (login, "not-the-file")] {
            try await WorkerFixture.run { fixture in
                let result = try await fixture.transferPages(
                    Self.bodies, ["/rows": [Self.first], "/rows?page=2": [answer, Self.second], "/rows?page=3": [Self.third]])
                #expect(result.objects == ["rows.csv": Self.joined], "\(code)")
                #expect(result.failures == ["file 0 attempt 1 \(code)"])
                #expect(result.requests == ["/rows": 2, "/rows?page=2": 2, "/rows?page=3": 1])
            }
        }
    }

    @Test("fails the job if its only page is a document of HTML with the status 200") func notTheData() async throws {
        try await WorkerFixture.run { fixture in
            let page = ScriptedFiles.Answer("<!DOCTYPE html><p>please log in</p>", "Content-Type: text/html")
            let result = try await fixture.transferPages(Self.bodies, ["/rows": [page]])
            #expect(result.objects.isEmpty)
            #expect(result.job.error?.code == "not-the-file")
            #expect(result.job.error?.message.contains("an HTML page instead of csv") == true, "\(String(describing: result.job.error))")
        }
    }

    @Test("fails the job at once if a later page has a column that the first has not") func columns() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transferPages(
                Self.rows, ["/rows": [.init(#"{"rows":[{"id":1}],"next":"2"}"#)], "/rows?page=2": [.init(#"{"rows":[{"id":2,"x":3}]}"#)]])
            #expect(result.objects.isEmpty)
            #expect(result.job.error?.code == "unexpected-columns")
            #expect(result.requests == ["/rows": 1, "/rows?page=2": 1])
        }
    }

    @Test("of pages that are there is not visible when the lease is lost before the last one", arguments: [true, false])
    func leaseLost(isJoined: Bool) async throws {
        let server = ScriptedFiles(["/rows": [Self.first], "/rows?page=2": [.init("later", "Retry-After: 60", status: 429)]])
        defer { server.stop() }
        let files = isJoined ? Self.bodies : Self.bodies.replacing(", join: true", with: "")
        var configuration = WorkerFixture.configuration
        configuration.lease = .milliseconds(600)
        try await WorkerFixture.run { fixture in
            try await fixture.withPages(files, server, configuration: configuration) { worker, id in
                try await eventually(within: WorkerFixture.deadline, "the second page") { server.requests("/rows?page=2") == 1 }
                // As if another worker had claimed it.
                _ = try await fixture.redis.send(["HSET", "{lh:00}:files:job-1", "0.state", "leased 9"])
                try await eventually(within: .seconds(10), "the end of the transfer") {
                    await worker.service.slots.drain(within: .zero) == 0
                }
                #expect(try await fixture.state(ofFile: 0, id) == "leased 9")
                #expect(try await fixture.failures(of: id).isEmpty)
                #expect(try await fixture.visible(of: id).isEmpty)
            }
            try await fixture.expectNoPartialUploads()
        }
    }

    @Test("is refused if a page is a packed document of HTML")
    func packedDocument() async throws {
        let login = Self.page(try Packed.gzip(Array("<!DOCTYPE html><p>please log in</p>".utf8)), "Content-Type: text/csv")
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transferPages(Self.bodies, ["/rows": [login, Self.third]])
            #expect(result.objects == ["rows.csv": "id,name\n3,z\n"])
            #expect(result.failures == ["file 0 attempt 1 not-the-file"])
        }
    }
}
