import Foundation
import Sandbox
import TestServers
import Testing

@testable import longhaul

@Suite("The roles as processes", .needsServers, .serialized, .timeLimit(.minutes(5))) struct RoleTests {
    /// An installation that is set up, with a sandbox as its provider.
    static func run(_ body: (Installation) async throws -> Void) async throws {
        var configuration = SandboxConfiguration()
        configuration.duration = .uniform(0...2)
        configuration.bytesPerFile = .fixed(1000)
        configuration.retryAfter = .off
        let sandbox = SandboxServer(configuration, logger: Terminal.quietLogger)
        let port = try await sandbox.start()
        try await Installation.run { installation in
            try installation.writeProvider(baseURL: "http://127.0.0.1:\(port)")
            #expect(try await installation.longhaul("setup").status == 0)
            try await body(installation)
        }
        await sandbox.stop()
    }

    private static func submit(_ count: Int, _ installation: Installation) async throws {
        let lines = (0..<count).map { #"{"provider":"acme","exportJobId":"job-\#($0)"}"# }
        let file = try installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
        #expect(try await installation.longhaul("submit", "--from", file).status == 0)
    }

    static func counts(_ installation: Installation) async throws -> [String: Int] {
        let looked = try await installation.longhaul("watch", "--count", "1", "--json")
        return try #require(try looked.objects().first).compactMapValues { $0 as? Int }
    }

    @Test("bring a job to its files and manifest, show it, and exit with 0 on SIGTERM") func wholeWay() async throws {
        try await Self.run { installation in
            let orchestrator = try installation.start(["orchestrator"])
            let worker = try installation.start(["worker"])
            let waited = try await installation.longhaul("submit", "acme", "--id", "a", "--parameters", #"{"files":2}"#, "--wait", "--json")
            #expect(waited.status == 0, "\(waited.errors)")
            #expect(try waited.objects().first?["status"] as? String == "COMPLETED")

            let failed = try await installation.longhaul("submit", "acme", "--id", "b", "--parameters", #"{"failExport":true}"#, "--wait")
            #expect(failed.status == 1)

            let shown = try #require(try await installation.longhaul("job", "a", "--json").objects().first)
            #expect(shown["filesDone"] as? Int == 2)
            let history = try #require(shown["history"] as? [[String: Any]])
            #expect(history.first?["what"] as? String == "PENDING")
            #expect(history.last?["what"] as? String == "COMPLETED")
            #expect(try await installation.longhaul("job", "a").output.contains("COMPLETED"))

            let listed = try await installation.longhaul("jobs", "--json").objects()
            #expect(Set(listed.compactMap { $0["exportJobId"] as? String }) == ["a", "b"])
            let failures = try await installation.longhaul("jobs", "--status", "failed", "--json").objects()
            #expect(failures.map { $0["errorCode"] as? String } == ["export-failed"])

            let stored = FileManager.default.enumerator(atPath: installation.folder.appending(path: "out").path)?.compactMap {
                $0 as? String
            }
            #expect(stored?.count { $0.hasSuffix("manifest.json") } == 1)
            for role in [orchestrator, worker] {
                role.send(SIGTERM)
                let ended = try await role.end(within: Installation.deadline)
                #expect(ended.status == 0, "\(ended.errors)")
            }
        }
    }

    @Test("end in time on SIGTERM even if a provider never responds") func hangingProvider() async throws {
        try await Self.run { installation in
            let orchestrator = try installation.start(["orchestrator"], setting: ["LONGHAUL_SHUTDOWN_GRACE": "500ms"])
            _ = try await installation.longhaul("submit", "acme", "--id", "a", "--parameters", #"{"faults":{"create:hang":1}}"#)
            try await eventually(within: Installation.deadline, "the creation is in progress") {
                let job = try await installation.longhaul("job", "a", "--json")
                guard job.status == 0 else { return false }
                return try #require(try job.objects().first?["version"] as? Int) > 0
            }
            let begin = ContinuousClock.now
            orchestrator.send(SIGTERM)
            #expect(try await orchestrator.end(within: Installation.deadline).status == 0)
            // The provider's own timeout is 30 s.
            #expect(ContinuousClock.now - begin < .seconds(20))
        }
    }

    @Test("lose nothing when one of two orchestrators is killed during its work") func killed() async throws {
        try await Self.run { installation in
            let first = try installation.start(["orchestrator"], setting: ["LONGHAUL_NAME": "first"])
            let second = try installation.start(["orchestrator"], setting: ["LONGHAUL_NAME": "second"])
            try await Self.submit(300, installation)
            try await eventually(within: Installation.deadline, "the work has begun") {
                try await Self.counts(installation)["PROCESSING", default: 0] > 0
            }
            first.send(SIGKILL)
            #expect(try await first.end(within: Installation.deadline).status == SIGKILL)
            try await eventually(within: Installation.deadline, "all 300 jobs reach the workers") {
                try await Self.counts(installation)["PROCESSING"] == 300
            }
            second.send(SIGTERM)
            #expect(try await second.end(within: Installation.deadline).status == 0)
        }
    }
}

extension RoleTests {
    @Test("cancel jobs and retry them, one by one and in bulk") func control() async throws {
        try await Self.run { installation in
            let orchestrator = try installation.start(["orchestrator"])
            let jobs = (0..<5).map { #"{"provider":"acme","exportJobId":"job-\#($0)","parameters":{"durationSeconds":3600}}"# }
            let file = try installation.write(jobs.joined(separator: "\n"), to: "jobs.ndjson")
            #expect(try await installation.longhaul("submit", "--from", file).status == 0)
            try await eventually(within: Installation.deadline, "they wait") { try await Self.counts(installation)["POLLING"] == 5 }

            let cancelled = try await installation.longhaul("cancel", "job-0", "job-1", "job-2", "--json")
            #expect(cancelled.status == 0, "\(cancelled.errors)")
            #expect(try cancelled.objects().allSatisfy { $0["outcome"] as? String == "cancelled" })
            #expect(try await installation.longhaul("cancel", "nobody").status == 1)
            #expect(try await Self.counts(installation)["FAILED"] == 3)

            let one = try await installation.longhaul("retry", "job-0", "job-3", "--json")
            #expect(try one.objects().map { $0["outcome"] as? String } == ["retried", "not-failed"])
            let none = try await installation.longhaul("retry", "--error-code", "http-500")
            #expect(none.errors.contains("0 retried"))
            let unasked = try await installation.longhaul("retry", "--status", "failed")
            #expect(unasked.errors.contains("0 retried, 2 cancelled left alone"), "\(unasked.errors)")
            #expect(try await installation.longhaul("retry", "--provider", "acme", "--dry-run", "--json").objects().isEmpty)
            let dry = try await installation.longhaul("retry", "--error-code", "cancelled", "--dry-run", "--json")
            #expect(try dry.objects().count == 2)
            #expect(try await Self.counts(installation)["FAILED"] == 2)
            let bulk = try await installation.longhaul("retry", "--status", "failed", "--error-code", "cancelled")
            #expect(bulk.errors.contains("2 retried"), "\(bulk.errors)")
            try await eventually(within: Installation.deadline, "they wait again") { try await Self.counts(installation)["POLLING"] == 5 }
            #expect(try await installation.longhaul("retry").status == 64)
            #expect(try await installation.longhaul("retry", "--status", "polling").status == 64)

            orchestrator.send(SIGTERM)
            #expect(try await orchestrator.end(within: Installation.deadline).status == 0)
        }
    }

    @Test("report their health to the health command, which fails if no process responds") func health() async throws {
        try await Self.run { installation in
            let orchestrator = try installation.start(["orchestrator"], setting: ["LONGHAUL_LOG_FORMAT": "json"])
            let port = try await orchestrator.healthPort()
            let alive = try await installation.longhaul("health", "--port", "\(port)")
            #expect(alive.status == 0, "\(alive.errors)")
            // The health server answers before the connections are open.
            let ready = try await eventually(within: Installation.deadline, "the orchestrator is ready") {
                let ready = try await installation.longhaul(
                    "health", "--ready", setting: ["LONGHAUL_HEALTH_PORT": "\(port)", "LONGHAUL_HEALTH_HOST": "0.0.0.0"])
                return ready.status == 0 ? ready : nil
            }
            #expect(ready.output.contains("rabbitmq"))
            orchestrator.send(SIGTERM)
            #expect(try await orchestrator.end(within: Installation.deadline).status == 0)
            let gone = try await installation.longhaul("health", "--port", "\(port)")
            #expect(gone.status == 69)
            #expect(try gone.problem().contains(":\(port)/healthz"))
            #expect(try await installation.longhaul("health").status == 64)
        }
    }

    @Test("end at once on a second signal, and other processes resume their work") func secondSignal() async throws {
        try await Self.run { installation in
            let first = try installation.start(["orchestrator"])
            _ = try await installation.longhaul("submit", "acme", "--id", "a", "--parameters", #"{"faults":{"create:hang":1}}"#)
            try await eventually(within: Installation.deadline, "the creation is in progress") {
                let job = try await installation.longhaul("job", "a", "--json")
                guard job.status == 0 else { return false }
                return try #require(try job.objects().first?["version"] as? Int) > 0
            }
            first.send(SIGTERM)
            try await eventually(within: Installation.deadline, "it is shutting down, and the second signal ends it") {
                first.send(SIGTERM)
                return !first.isRunning
            }
            #expect(try await first.end(within: Installation.deadline).status == 128 + SIGTERM)
            let second = try installation.start(["orchestrator"])
            try await eventually(within: Installation.deadline, "its export is created") {
                try await Self.counts(installation)["PROCESSING"] == 1
            }
            second.send(SIGTERM)
            #expect(try await second.end(within: Installation.deadline).status == 0)
        }
    }
}
