import Foundation
import TestServers
import Testing

@testable import longhaul

@Suite("What happened to a job", .needsServers, .serialized, .timeLimit(.minutes(5))) struct TrailCommandTests {
    @Test("is told by `job --trail`, and by the object storage once the store has forgotten the job") func wholeWay() async throws {
        try await RoleTests.run { installation in
            let settings = ["LONGHAUL_KEEP": "3s", "LONGHAUL_TICK": "20ms"]
            let roles = try ["orchestrator", "worker"].map { try installation.start([$0], setting: settings) }
            let done = try await installation.longhaul("submit", "acme", "--id", "a", "--parameters", #"{"files":2}"#, "--wait")
            #expect(done.status == 0, "\(done.errors)")
            let lost = try await installation.longhaul("submit", "acme", "--id", "b", "--parameters", #"{"failExport":true}"#, "--wait")
            #expect(lost.status == 1)

            let trail = try await installation.longhaul("job", "a", "--trail", "--json").objects()
            #expect(trail.first?["status"] as? String == "PENDING")
            #expect((trail.first?["actor"] as? String)?.hasPrefix("orchestrator ") == true)
            #expect(trail.last?["status"] as? String == "COMPLETED")
            #expect(trail.count { $0["event"] as? String == "file" } == 2)
            let claims = trail.filter { ($0["detail"] as? String)?.hasPrefix("file ") == true && $0["event"] as? String == "claim" }
            #expect(claims.count == 2 && claims.allSatisfy { ($0["actor"] as? String)?.hasPrefix("worker ") == true })

            func isForgotten(_ id: String) async throws -> [String: Any]? {
                let shown = try await installation.longhaul("job", id, "--json")
                guard shown.status == 0, let job = try shown.objects().first, job["archived"] as? Bool == true else { return nil }
                return job
            }
            let a = try await eventually(within: Installation.deadline, "the store forgets a") { try await isForgotten("a") }
            #expect(a["status"] as? String == "COMPLETED" && a["filesDone"] as? Int == 2)
            #expect((a["objects"] as? String)?.hasSuffix("/a/") == true)
            let events = try await installation.longhaul("job", "a", "--trail", "--json").objects()
            #expect(events.map { $0["event"] as? String } == trail.map { $0["event"] as? String })
            let explained = try await installation.longhaul("explain", "a")
            #expect(
                explained.output.contains("was completed") && explained.output.contains("the store has forgotten"), "\(explained.output)")

            let b = try await eventually(within: Installation.deadline, "the store forgets b") { try await isForgotten("b") }
            #expect(b["errorCode"] as? String == "export-failed")
            #expect(try await installation.longhaul("explain", "b", "--provider", "acme").output.contains("failed with export-failed"))
            #expect(try await installation.longhaul("job", "b", "--date", "2020-01-01").status == 1)
            let unknown = try await installation.longhaul("job", "nobody")
            #expect(unknown.status == 1 && unknown.errors.contains("no job nobody"), "\(unknown.errors)")
            try await end(roles)
        }
    }

    @Test("goes nowhere, and is shown as long as the store has the job, with LONGHAUL_TRAIL=none") func off() async throws {
        try await RoleTests.run { installation in
            let roles = try ["orchestrator", "worker"].map { try installation.start([$0], setting: ["LONGHAUL_TRAIL": "none"]) }
            #expect(try await installation.longhaul("submit", "acme", "--id", "a", "--wait").status == 0)
            let events = try await installation.longhaul("job", "a", "--trail", "--json").objects()
            #expect(events.last?["status"] as? String == "COMPLETED")
            let stored = FileManager.default.enumerator(atPath: installation.folder.appending(path: "out").path)?.compactMap {
                $0 as? String
            }
            #expect(stored?.contains { $0.hasSuffix("history.ndjson") } == false)
            try await end(roles)
        }
    }

    private func end(_ roles: [ChildProcess]) async throws {
        for role in roles {
            role.send(SIGTERM)
            #expect(try await role.end(within: Installation.deadline).status == 0)
        }
    }
}
