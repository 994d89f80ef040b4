import Foundation
import TestServers
import Testing

@Suite("longhaul provider try", .needsServers, .serialized, .timeLimit(.minutes(2)))
struct TrialTests {
    /// Runs a trial without RabbitMQ and Redis.
    private static func run(
        _ api: OddAPI, _ lines: String = "", _ arguments: String..., body: (ChildProcess.Ended, Installation) throws -> Void
    ) async throws {
        defer { api.server.stop() }
        try await Installation.run { installation in
            var offline = installation
            for name in ["LONGHAUL_REDIS_URL", "LONGHAUL_RABBITMQ_URL", "LONGHAUL_EGRESS"] { offline.environment[name] = nil }
            offline.environment["ODD_TOKEN"] = "s3cret-token"
            let file = try installation.write(api.providerFile(lines), to: "odd.yaml")
            let words = arguments.map { $0.replacing("FOLDER", with: installation.folder.path) }
            let trial = try offline.start(["provider", "try", file, "-p", "report=a"] + words)
            try body(try await trial.end(within: Installation.deadline), installation)
        }
    }

    private static let auth = "auth: { bearer: \"{{ .secrets.ODD_TOKEN }}\" }"

    @Test("runs one export to its files, shows each request, answer and filter, and no secret") func whole() async throws {
        let api = try OddAPI([:])
        try await Self.run(api, Self.auth) { ended, _ in
            #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
            for text in [
                "\ncreate\n", "→ POST \(api.server.url)", "Authorization: Bearer ***", "✓ export {", "\nstatus 1\n", "✓ ready",
                "\ndownload 1 of 1\n",
            ] {
                #expect(ended.output.contains(text), "\(text) in \(ended.output)")
            }
            #expect(ended.output.contains(#/status\.state +\.response\.body\.\w+ = "/#))
            #expect(!ended.output.contains("s3cret") && !ended.output.contains("\u{1B}"))
        }
    }

    @Test("shows no token that a sign-in returned") func session() async throws {
        let api = try TokenAPI()
        defer { api.server.stop() }
        try await Installation.run { installation in
            let yaml = """
                provider: p
                baseURL: \(api.server.url)
                auth: { oauth2: { tokenURL: \(api.server.url)/login, clientId: c, clientSecret: "{{ .secrets.ODD }}" } }
                create: { request: POST /x, export: { id: .response.body.id } }
                status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
                files: { items: .response.body.files }
                polling: { policy: fixed, interval: 100ms }
                """
            let file = try installation.write(yaml, to: "p.yaml")
            var offline = installation
            offline.environment["ODD"] = "s3cret-1"
            let ended = try await offline.longhaul("provider", "try", file, "--until", "status")
            #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
            #expect(ended.output.contains("/login") && ended.output.contains("Bearer ***"))
            for secret in ["t0ken-1", "r3fresh-1", "s3cret-1"] { #expect(!ended.output.contains(secret), "\(ended.output)") }
        }
    }

    @Test("stops after the step that is named, before anything is downloaded", arguments: ["create", "status", "files"])
    func until(step: String) async throws {
        let api = try OddAPI([:])
        try await Self.run(api, "", "--until", step) { ended, _ in
            #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
            #expect(api.count("a", "file") == 0 && api.count("a", "create") == 1)
            #expect(api.count("a", "status") == (step == "create" ? 0 : 1))
        }
    }

    @Test("says why the job fails, and exits 1") func failure() async throws {
        let api = try OddAPI(["a": { step, _ in step == "create" ? .json(#"{"error":"no such report"}"#, status: 422) : nil }])
        try await Self.run(api) { ended, _ in
            #expect(ended.status == 1)
            #expect(ended.output.contains("✗ http-422 (permanent): ") && ended.output.contains("no such report"))
            #expect(ended.output.contains("✗ the job fails: http-422"))
        }
    }

    @Test("waits as the provider's jobs do, and says how long") func waits() async throws {
        let api = try OddAPI([
            "a": { step, n in step == "status" && n == 1 ? .json("{}", status: 429, headers: ["Retry-After": "1"]) : nil }
        ])
        try await Self.run(api) { ended, _ in
            #expect(ended.status == 0, "\(ended.output)")
            #expect(ended.output.contains("✗ http-429 (throttled)"))
            #expect(ended.output.contains(#/again in 1(\.\d)? s, at \d\d:\d\d:\d\d/#))
        }
    }

    @Test("prints curl commands and saves files if it is asked to") func curlAndSave() async throws {
        let api = try OddAPI([:])
        try await Self.run(api, "", "--curl", "--save", "FOLDER/saved") { ended, installation in
            #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
            #expect(ended.output.contains("curl -sS -X POST '\(api.server.url)"))
            let saved = try String(contentsOf: installation.folder.appending(path: "saved/\(OddAPI.name)"), encoding: .utf8)
            #expect(saved == OddAPI.file)
        }
    }
}
