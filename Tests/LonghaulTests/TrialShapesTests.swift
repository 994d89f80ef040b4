import Foundation
import Synchronization
import TestServers
import Testing

@Suite("longhaul provider try, of an export with find and steps", .needsServers, .serialized, .timeLimit(.minutes(2)))
struct TrialShapesTests {
    private static func yaml(_ server: StubServer) -> String {
        """
        provider: shapes
        baseURL: \(server.url)
        find: { request: "GET /x?key={{ .job.idempotencyKey }}", export: { id: ".response.body[0].id" } }
        create: { request: POST /x, json: { key: "{{ .job.idempotencyKey }}" }, export: { id: .response.body.id } }
        steps:
          - { when: '.parameters.format != "JSON"', request: "POST /x/{{ .export.id }}/convert" }
        status: { request: "GET /x/{{ .export.id }}/file", ready: download }
        """
    }

    /// An API that knows the export of its last create.
    private static func run(_ arguments: [[String]], body: ([ChildProcess.Ended], StubServer, Installation) throws -> Void) async throws {
        let isCreated = Mutex(false)
        let server = try StubServer { request in
            if request.method == "POST", request.target == "/x" { isCreated.withLock { $0 = true } }
            if request.target.hasPrefix("/x?") { return .json(isCreated.withLock { $0 } ? #"[{"id":"7"}]"# : "[]") }
            if request.target.hasSuffix("/file") {
                return StubResponse(
                    headers: ["Content-Type": "text/csv", "Content-Disposition": "attachment; filename=orders.csv"],
                    body: Array("a,b\n".utf8))
            }
            return .json(#"{"id":"7"}"#, status: 201)
        }
        defer { server.stop() }
        try await Installation.run { installation in
            let file = try installation.write(yaml(server), to: "shapes.yaml")
            var ended: [ChildProcess.Ended] = []
            for words in arguments {
                let words = words.map { $0.replacing("FOLDER", with: installation.folder.path) }
                ended.append(
                    try await installation.start(["provider", "try", file, "-p", "format=JSON"] + words).end(within: Installation.deadline))
            }
            try body(ended, server, installation)
        }
    }

    @Test("creates nothing twice with --find, and says what a trial leaves and how to go on with it") func find() async throws {
        try await Self.run([["--id", "a", "--until", "create"], ["--id", "a", "--find"]]) { ended, server, _ in
            #expect(ended.allSatisfy { $0.status == 0 }, "\(ended)")
            #expect(ended[0].output.contains(#"the export {"id":"7"} may still run"#) && ended[0].output.contains("--id a --find"))
            #expect(ended[1].output.contains("\nfind\n") && ended[1].output.contains(#"✓ found {"id":"7"}"#), "\(ended[1].output)")
            #expect(server.requests.count { $0.method == "POST" && $0.target == "/x" } == 1)
        }
    }

    @Test("shows a step that is left out as that, and the name that a download tells") func steps() async throws {
        try await Self.run([["--save", "FOLDER/saved"]]) { ended, server, installation in
            let output = try #require(ended.first).output
            #expect(output.contains("left out: its when is not true"), "\(output)")
            #expect(!output.contains("in 0.0 s") && !output.contains(", 0 bytes"), "\(output)")
            #expect(output.contains("named by its download: orders.csv"))
            #expect(!server.requests.contains { $0.target.hasSuffix("/convert") })
            let saved = installation.folder.appending(path: "saved/orders.csv")
            #expect(try String(contentsOf: saved, encoding: .utf8) == "a,b\n")
        }
    }
}
