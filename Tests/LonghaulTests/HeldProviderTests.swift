import Foundation
import Synchronization
import TestServers
import Testing

@Suite("A provider that cannot serve anyone", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct HeldProviderTests {
    /// An installation with one provider, a running orchestrator and a running worker.
    private static func run(
        _ api: OddAPI, _ lines: String..., heldProbe: String = "1s", setting: [String: String] = [:],
        _ body: (Installation) async throws -> Void
    ) async throws {
        defer { api.server.stop() }
        try await Installation.run { installation in
            var installation = installation
            installation.environment.merge(setting) { $1 }
            if let token = installation.environment["ODD_TOKEN_FILE"] {
                installation.environment["ODD_TOKEN_FILE"] = installation.folder.appending(path: token).path
            }
            let file = api.providerFile(lines.joined(separator: "\n")).replacing(
                "breaker: { minimum: 100000 }", with: "breaker: { minimum: 100000, heldProbe: \(heldProbe) }")
            _ = try installation.write(file, to: "providers/odd.yaml")
            try FileManager.default.removeItem(at: installation.folder.appending(path: "providers/acme.yaml"))
            #expect(try await installation.longhaul("setup").status == 0)
            let children = [try installation.start(["orchestrator"]), try installation.start(["worker"])]
            try await body(installation)
            for child in children {
                child.send(SIGTERM)
                #expect(try await child.end(within: Installation.deadline).status == 0)
            }
        }
    }

    private static func submit(_ reports: [String], _ installation: Installation) async throws {
        let lines = reports.map { #"{"provider":"odd","exportJobId":"\#($0)","parameters":{"report":"\#($0)"}}"# }
        let file = try installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
        #expect(try await installation.longhaul("submit", "--from", file).status == 0)
    }

    private static func reach(_ status: String, _ count: Int, _ installation: Installation) async throws {
        try await eventually(within: Installation.deadline, "\(count) jobs are \(status)") {
            try await RoleTests.counts(installation)[status] == count
        }
    }

    @Test("because its secret is missing keeps its jobs, says so, and serves them once the secret is there") func missingSecret()
        async throws
    {
        let api = try OddAPI([:])
        try await Self.run(api, "auth: { bearer: \"{{ .secrets.ODD_TOKEN }}\" }", setting: ["ODD_TOKEN_FILE": "token"]) { installation in
            try await Self.submit(["a", "b"], installation)
            try await eventually(within: Installation.deadline, "the hold is shown") {
                try await installation.longhaul("provider", "list").output.contains("cannot read the secret ODD_TOKEN")
            }
            let doctor = try await installation.longhaul("doctor")
            #expect(doctor.status == 1 && doctor.output.contains("ODD_TOKEN"))
            #expect(try await RoleTests.counts(installation)["PENDING"] == 2)
            #expect(api.count("a", "create") == 0)
            _ = try installation.write("tok", to: "token")
            try await Self.reach("COMPLETED", 2, installation)
            #expect(try await installation.longhaul("dead-letters", "list", "--all", "--json").objects().isEmpty)
        }
    }

    @Test("is asked with the new secret as soon as it is resumed, long before the next probe") func resumed() async throws {
        let refused: OddAPI.Script = { _, _ in .json("{}", status: 401) }
        let api = try OddAPI(["a": refused])
        try await Self.run(
            api, "auth: { bearer: \"{{ .secrets.ODD_TOKEN }}\" }", heldProbe: "10m", setting: ["ODD_TOKEN_FILE": "token"]
        ) { installation in
            try await Self.submit(["a", "b"], installation)
            try await eventually(within: Installation.deadline, "the hold is shown") {
                try await installation.longhaul("provider", "list").output.contains("cannot read the secret ODD_TOKEN")
            }
            let state = try await installation.longhaul("provider", "list", "--json").objects().first?["state"] as? String
            #expect(state == "partly-held")
            _ = try installation.write("tok", to: "token")
            #expect(try await installation.longhaul("provider", "resume", "odd").status == 0)
            try await Self.reach("COMPLETED", 1, installation)
        }
    }

    @Test("because its address is not allowed keeps its jobs") func refusedAddress() async throws {
        let api = try OddAPI([:])
        try await Self.run(api, setting: ["LONGHAUL_EGRESS": "10.0.0.0/8"]) { installation in
            try await Self.submit((0..<5).map { "job-\($0)" }, installation)
            try await eventually(within: Installation.deadline, "the hold is shown") {
                let shown = try await installation.longhaul("job", "job-0").output
                return shown.contains("LONGHAUL_EGRESS") && shown.contains("waits")
            }
            #expect(try await RoleTests.counts(installation)["PENDING"] == 5)
            #expect(try await installation.longhaul("dead-letters", "list", "--all", "--json").objects().isEmpty)
        }
    }

    @Test("because its token is refused while files are fetched keeps them, and goes on afterwards") func refusedDownloads() async throws {
        let isDead = Mutex(true)
        let refused: OddAPI.Script = { step, _ in
            step == "file" && isDead.withLock { $0 } ? .json(#"{"error":"expired"}"#, status: 401) : nil
        }
        let reports = (0..<20).map { "r\($0)" }
        let api = try OddAPI(Dictionary(uniqueKeysWithValues: reports.map { ($0, refused) }))
        try await Self.run(api, "auth: { header: { X-Key: k } }") { installation in
            try await Self.submit(reports, installation)
            try await eventually(within: Installation.deadline, "the hold is shown") {
                try await installation.longhaul("provider", "list", "--json").objects().first?["hold"] as? String == "http-401"
            }
            #expect(try await (RoleTests.counts(installation)["FAILED"] ?? 0) == 0)
            try await eventually(within: Installation.deadline, "the next attempt at a file is shown") {
                let waiting = try await installation.longhaul("job", "r0").output
                return waiting.contains("next attempt") && waiting.contains("file 0")
            }
            isDead.withLock { $0 = false }
            try await Self.reach("COMPLETED", 20, installation)
        }
    }

    @Test("and throttles its downloads without a time is asked for little, and all files are stored in the end") func throttledStore()
        async throws
    {
        let begun = Mutex<ContinuousClock.Instant?>(nil)
        let throttled: OddAPI.Script = { step, _ in
            guard step == "file" else { return nil }
            let start = begun.withLock { begun in
                begun = begun ?? .now
                return begun ?? .now
            }
            return .now - start < .seconds(3) ? .text("", status: 429) : nil
        }
        let reports = (0..<100).map { "r\($0)" }
        let api = try OddAPI(Dictionary(uniqueKeysWithValues: reports.map { ($0, throttled) }))
        try await Self.run(api) { installation in
            try await Self.submit(reports, installation)
            try await Self.reach("COMPLETED", 100, installation)
            // Each file once, those that were under way at the first 429, and one after each pause.
            #expect(reports.reduce(0) { $0 + api.count($1, "file") } < 100 + 60)
        }
    }
}
