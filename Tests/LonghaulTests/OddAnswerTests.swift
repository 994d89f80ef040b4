import Foundation
import TestServers
import Testing

@Suite("Longhaul delivers the right bytes, or says what is wrong,", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct OddAnswerTests {
    /// The rules that a user writes for an API that says everything in its own way.
    private static let rules = """
        errors:
          - { when: '.response.body | objects | .error.is_transient == true', class: transient }
          - { when: '.response.body | objects | .message // "" | contains("secondary rate limit")', class: throttled, wait: '0.05' }
          - when: '.response.body | objects | .success == false'
            class: 'if .response.body.errors[0].code == "606" then "throttled" elif .response.body.errors[0].code == "1006" then "notYet" else "permanent" end'
            code: .response.body.errors[0].code
            message: .response.body.errors[0].message
          - { when: '.response.status == 404 and (.request.url | endswith("/files") | not)', class: notYet }
        """

    private static func refusal(_ code: String, _ message: String = "later") -> StubResponse {
        .json(#"{"success":false,"errors":[{"code":"\#(code)","message":"\#(message)"}]}"#)
    }

    /// At first `times` answers of a step, then the usual ones.
    private static func first(_ times: Int = 2, at odd: String, _ answer: StubResponse) -> OddAPI.Script {
        { step, n in step == odd && n <= times ? answer : nil }
    }

    /// Answers after which the job still completes.
    private static let recovered: [String: OddAPI.Script] = [
        "create-606": first(at: "create", refusal("606")),
        "create-secondary": first(at: "create", .json(#"{"message":"secondary rate limit"}"#, status: 403)),
        "create-transient": first(at: "create", .json(#"{"error":{"is_transient":true}}"#, status: 400)),
        "status-404": first(at: "status", .json("{}", status: 404)), "status-wait": first(at: "status", refusal("1006")),
        "status-423": first(at: "status", .json("{}", status: 423)),
        "status-html": first(at: "status", .text("<html>hello</html>", headers: ["Content-Type": "text/html"])),
        "files-202": first(at: "files", .json("{}", status: 202)),
        "files-409": first(at: "files", .json("{}", status: 409, headers: ["Retry-After": "1"])),
        "files-none": first(at: "files", .json(#"{"files":[]}"#)),
        "files-null": first(at: "files", .json(#"{"files":[{"name":"rows.csv","url":null}]}"#)),
        "files-lines": first(
            1, at: "files", .json("\u{FEFF}{\"files\":[{\"name\":\" rows.csv \\n\",\"url\":\" /data/files-lines \\r\\n\"}]}")),
        "file-202": first(at: "file", .json(#"{"status":"processing"}"#, status: 202)),
        "file-204": first(at: "file", StubResponse(status: 204)),
        "file-206": first(at: "file", .text("id,", status: 206)),
        "file-html": first(at: "file", .text("<!DOCTYPE html><p>log in", headers: ["Content-Type": "text/html"])),
        "file-json": first(at: "file", .json(#"{"error":"rate limit exceeded"}"#)),
        "file-xml": first(at: "file", .text("<Error><Code>Busy</Code></Error>", headers: ["Content-Type": "application/xml"])),
        "file-429": first(at: "file", .text("", status: 429)), "file-403": first(at: "file", .text("", status: 403)),
        "file-425": first(at: "file", .text("", status: 425)),
        "file-503": first(at: "file", .text("", status: 503, headers: ["Retry-After": "0"])),
    ]

    /// What never does: the report, the code, and what an operator reads.
    private static let lost: [(report: String, script: OddAPI.Script, code: String, text: String)] = [
        ("create-1003", first(99, at: "create", refusal("1003", "no such field")), "1003", "no such field"),
        (
            "files-odd", first(99, at: "files", .json(#"{"files":[{"name":"a","url":"ftp://x/a"}]}"#)), "invalid-file-list",
            "item 0 has a url that is not http or https"
        ),
        (
            "status-html-ever", first(99, at: "status", .text("<html>maintenance</html>", headers: ["Content-Type": "text/html"])),
            "unexpected-answer", "<html>maintenance</html>"
        ),
        ("files-object", first(99, at: "files", .json(#"{"files":null}"#)), "unexpected-answer", #"{"files":null}"#),
        (
            "file-page", first(99, at: "file", .text("<html>please log in</html>", headers: ["Content-Type": "text/html"])), "not-the-file",
            "<html>please log in</html>"
        ),
        (
            "create-moved",
            first(99, at: "create", StubResponse(status: 302, headers: ["Location": "https://elsewhere.example/x?token=1"])), "http-302",
            "https://elsewhere.example/x"
        ),
    ]

    @Test("whatever an API answers at first, and fails at once or after its attempts when it stays wrong") func answers() async throws {
        let scripts = Self.recovered.merging(Self.lost.map { ($0.report, $0.script) }) { first, _ in first }
        let api = try OddAPI(scripts)
        defer { api.server.stop() }
        try await Installation.run { installation in
            _ = try installation.write(api.providerFile(Self.rules), to: "providers/odd.yaml")
            try FileManager.default.removeItem(at: installation.folder.appending(path: "providers/acme.yaml"))
            #expect(try await installation.longhaul("setup").status == 0)
            let orchestrator = try installation.start(["orchestrator"]), worker = try installation.start(["worker"])
            let lines = scripts.keys.sorted().map { #"{"provider":"odd","exportJobId":"\#($0)","parameters":{"report":"\#($0)"}}"# }
            let file = try installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
            let submitted = try await installation.longhaul("submit", "--from", file, "--wait")
            #expect(submitted.status == 1, "\(submitted.errors)")

            for report in Self.recovered.keys.sorted() {
                #expect(try Self.objects(of: report, installation) == [OddAPI.name: OddAPI.file], "\(report)")
            }
            for (report, _, code, text) in Self.lost {
                let shown = try await installation.longhaul("job", report)
                #expect(shown.output.contains(code) && shown.output.contains(text), "\(report): \(shown.output)")
                #expect(!shown.output.contains("token=1"))
                #expect(try Self.objects(of: report, installation).isEmpty, "\(report)")
            }
            #expect(api.count("files-odd", "files") == 1, "what stays wrong fails at once")
            #expect(api.count("create-1003", "create") == 1)
            #expect(api.count("files-object", "files") == 4, "what may come from a proxy is tried again")
            for child in [orchestrator, worker] {
                child.send(SIGTERM)
                #expect(try await child.end(within: Installation.deadline).status == 0)
            }
        }
    }

    /// The stored objects of a job by name, without its manifest.
    private static func objects(of job: String, _ installation: Installation) throws -> [String: String] {
        let out = installation.folder.appending(path: "out")
        var objects: [String: String] = [:]
        for path in FileManager.default.enumerator(atPath: out.path)?.compactMap({ $0 as? String }) ?? [] {
            let parts = path.split(separator: "/")
            guard parts.count > 3, parts[2] == job, !["manifest.json", "history.ndjson"].contains(parts.last) else { continue }
            objects[parts.dropFirst(3).joined(separator: "/")] = try String(contentsOf: out.appending(path: path), encoding: .utf8)
        }
        return objects
    }
}
