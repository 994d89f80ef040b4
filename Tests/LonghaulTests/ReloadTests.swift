import Foundation
import Synchronization
import TestServers
import Testing

@Suite("A provider file that changes while the program runs", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct ReloadTests {
    /// Exports that are ready once the test says so. Each version of the file asks for the status at its own path.
    private final class API: Sendable {
        let server: StubServer
        private let state: State

        private final class State: Sendable {
            let isReady = Mutex(false)
            let asked = Mutex<[String: Int]>([:])
        }

        init() throws {
            let state = State()
            self.state = state
            server = try StubServer { request in
                let path = request.target.prefix { $0 != "?" }
                state.asked.withLock { $0[String(path), default: 0] += 1 }
                if request.method == "POST" { return .json(#"{"id":"\#(request.body.filter { $0.isLetter || $0.isNumber })"}"#) }
                if path.hasSuffix(".csv") { return .text("a,b\n", headers: ["Content-Type": "text/csv"]) }
                let isReady = state.isReady.withLock { $0 }
                return .json(#"{"status":"\#(isReady ? "DONE" : "RUNNING")","file":"\#(path.split(separator: "/").first ?? "")/a.csv"}"#)
            }
        }

        func finish() { state.isReady.withLock { $0 = true } }
        func count(_ path: String) -> Int { state.asked.withLock { $0[path] ?? 0 } }

        /// - Parameter version: the first part of the path of status requests.
        func file(_ version: String, _ more: String = "") -> String {
            """
            provider: acme
            baseURL: \(server.url)
            create: { request: POST /exports, text: "{{ .job.id }}", export: { id: .response.body.id }, idempotent: true }
            status: { request: "GET /\(version)/{{ .export.id }}", state: .response.body.status, states: { running: RUNNING, ready: DONE } }
            files: { items: '.response.body | {url: "/\\(.file)", name: "\(version).csv"}' }
            polling: { policy: fixed, interval: 100ms }
            \(more)
            """
        }
    }

    private static func submit(_ installation: Installation, _ id: String) async throws -> ChildProcess.Ended {
        try await installation.longhaul("submit", "acme", "--id", id)
    }

    private static func status(_ installation: Installation, _ id: String) async throws -> String {
        try await installation.longhaul("job", id).output
    }

    /// - Returns: their logs.
    @discardableResult
    private static func end(_ processes: [ChildProcess]) async throws -> String {
        var logs = ""
        for process in processes {
            process.send(SIGTERM)
            let ended = try await process.end(within: Installation.deadline)
            #expect(ended.status == 0)
            logs += ended.errors + ended.output
        }
        return logs
    }

    @Test("is used for new jobs; older jobs keep theirs, also in processes that know the new one only, and when the file is gone")
    func versions() async throws {
        let api = try API()
        defer { api.server.stop() }
        try await Installation.run { installation in
            _ = try installation.write(api.file("v1"), to: "providers/acme.yaml")
            #expect(try await installation.longhaul("setup").status == 0)
            var roles = [try installation.start(["orchestrator"]), try installation.start(["worker"])]
            #expect(try await Self.submit(installation, "old").status == 0)
            try await eventually(within: Installation.deadline, "a check of the first job") { api.count("/v1/old") > 0 }

            _ = try installation.write(api.file("v2"), to: "providers/acme.yaml")
            try await eventually(within: Installation.deadline, "the new version") {
                try roles[0].errors.contains("new version of a provider")
            }
            #expect(try await Self.submit(installation, "new").status == 0)
            try await eventually(within: Installation.deadline, "a check of the second job") { api.count("/v2/new") > 0 }
            let before = api.count("/v1/old")
            try await eventually(within: Installation.deadline, "further checks of the first job") { api.count("/v1/old") > before }
            #expect(api.count("/v2/old") == 0 && api.count("/v1/new") == 0)

            try await Self.end(roles)
            roles = [try installation.start(["orchestrator"]), try installation.start(["worker"])]
            let restarted = api.count("/v1/old")
            try await eventually(within: Installation.deadline, "checks of the first job after the restart") {
                api.count("/v1/old") > restarted
            }
            #expect(api.count("/v2/old") == 0)

            // Another file stays: a folder without any is an error at the start.
            _ = try installation.write(api.file("v3").replacing("provider: acme", with: "provider: other"), to: "providers/other.yaml")
            try FileManager.default.removeItem(at: installation.folder.appending(path: "providers/acme.yaml"))
            try await eventually(within: Installation.deadline, "the file to be gone") {
                try roles[0].errors.contains("file of a provider is gone")
            }
            // Submitters learn within a minute; until then a job becomes a dead letter.
            _ = try await Self.submit(installation, "late")
            try await eventually(within: Installation.deadline, "the dead letter") {
                try await installation.longhaul("dead-letters", "list").output.contains("unknown-provider")
            }
            api.finish()
            for (id, version) in [("old", "v1"), ("new", "v2")] {
                try await eventually(within: Installation.deadline, "the end of \(id)") {
                    try await Self.status(installation, id).contains("COMPLETED")
                }
                #expect(api.count("/\(version)/a.csv") == 1)
            }
            try await Self.end(roles)
        }
    }

    @Test("that is broken changes nothing, and is reported; SIGHUP reads it again at once") func broken() async throws {
        let api = try API()
        defer { api.server.stop() }
        try await Installation.run { installation in
            var installation = installation
            installation.environment["LONGHAUL_LOG_FORMAT"] = "json"
            _ = try installation.write(api.file("v1"), to: "providers/acme.yaml")
            #expect(try await installation.longhaul("setup").status == 0)
            let orchestrator = try installation.start(["orchestrator"])
            let port = try await orchestrator.healthPort()
            _ = try installation.write(api.file("v2", "pollling: {}"), to: "providers/acme.yaml")
            try await eventually(within: Installation.deadline, "the complaint") {
                try orchestrator.errors.contains("pollling: unknown key")
            }
            #expect(try orchestrator.errors.contains("its last version stays in use"))
            let metrics = try await Self.metrics(port)
            #expect(metrics.contains("longhaul_provider_files_broken 1"))
            #expect(metrics.contains(#"longhaul_provider_reloads_total{outcome="broken"} 1"#))
            let doctor = try await installation.longhaul("doctor")
            #expect(doctor.status != 0 && (doctor.output + doctor.errors).contains("pollling"))
            #expect(try await Self.submit(installation, "a").status == 0)
            try await eventually(within: Installation.deadline, "a check by the old version") { api.count("/v1/a") > 0 }

            _ = try installation.write(api.file("v3"), to: "providers/acme.yaml")
            orchestrator.send(SIGHUP)
            try await eventually(within: Installation.deadline, "the corrected version") {
                try await Self.metrics(port).contains("longhaul_provider_files_broken 0")
            }
            #expect(try await Self.submit(installation, "b").status == 0)
            try await eventually(within: Installation.deadline, "a check by the corrected version") { api.count("/v3/b") > 0 }
            try await Self.end([orchestrator])
        }
    }

    @Test("and so is a file with a secret") func secrets() async throws {
        let api = try TokenFileAPI()
        defer { api.server.stop() }
        try await Installation.run { installation in
            var installation = installation
            installation.environment["ACME_TOKEN_FILE"] = try installation.write("planted-1", to: "token")
            _ = try installation.write(api.file, to: "providers/acme.yaml")
            #expect(try await installation.longhaul("setup").status == 0)
            let orchestrator = try installation.start(["orchestrator"])
            #expect(try await Self.submit(installation, "a").status == 0)
            try await eventually(within: Installation.deadline, "the first token") { api.tokens.contains("Bearer planted-1") }
            _ = try installation.write("planted-2", to: "token")
            try await eventually(within: Installation.deadline, "the second token") { api.tokens.contains("Bearer planted-2") }
            #expect(try await !Self.end([orchestrator]).contains("planted"))
        }
    }

    private static func metrics(_ port: Int) async throws -> String {
        try await ChildProcess.start("/usr/bin/env", ["curl", "--noproxy", "*", "-sS", "http://127.0.0.1:\(port)/metrics"])
            .end(within: .seconds(10)).output
    }
}

/// Remembers the tokens that it was asked with.
private final class TokenFileAPI: Sendable {
    let server: StubServer

    init() throws {
        server = try StubServer { request in request.method == "POST" ? .json(#"{"id":"1"}"#) : .json(#"{"status":"RUNNING"}"#) }
    }

    var tokens: Set<String> { Set(server.requests.compactMap { $0.headers["authorization"] }) }

    var file: String {
        """
        provider: acme
        baseURL: \(server.url)
        auth: { bearer: "{{ .secrets.ACME_TOKEN }}" }
        create: { request: POST /exports, export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.status, states: { running: RUNNING, ready: DONE } }
        files: { items: .response.body.files }
        polling: { policy: fixed, interval: 100ms }
        """
    }
}
