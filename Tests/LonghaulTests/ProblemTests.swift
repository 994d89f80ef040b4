import TestServers
import Testing

@Suite("A command fails with one line and", .needsServers) struct ProblemTests {
    @Test(
        "64 for a setting with a bad value, naming it",
        arguments: [
            ("LONGHAUL_LEASE", "soon"), ("LONGHAUL_REDIS_URL", "http://x"), ("LONGHAUL_RABBITMQ_URL", "redis://x"),
            ("LONGHAUL_EGRESS", "10.0.0.0/99"), ("LONGHAUL_WAKES_IN_FLIGHT", "0"), ("LONGHAUL_LOG_LEVEL", "loud"),
            ("LONGHAUL_LOG_FORMAT", "xml"), ("LONGHAUL_HEALTH_PORT", "70000"),
        ])
    func badValue(name: String, value: String) async throws {
        try await Installation.run { installation in
            let ended = try await installation.longhaul("orchestrator", setting: [name: value])
            #expect(ended.status == 64)
            #expect(try ended.problem().hasPrefix("longhaul: \(name)"))
        }
    }

    @Test("64 for an unknown setting", arguments: ["setup", "jobs", "doctor", "worker"])
    func unknownSetting(command: String) async throws {
        try await Installation.run { installation in
            let ended = try await installation.longhaul(command, setting: ["LONGHAUL_LEESE": "30s"])
            #expect(ended.status == 64)
            #expect(try ended.problem().contains("LONGHAUL_LEESE"))
        }
    }

    @Test("64 for a provider file with an error, naming file and position") func badProvider() async throws {
        try await Installation.run { installation in
            _ = try await installation.longhaul("setup")
            _ = try installation.write("provider: broken\nbaseURL: nowhere\n", to: "providers/broken.yaml")
            let ended = try await installation.longhaul("orchestrator")
            #expect(ended.status == 64)
            #expect(ended.errors.contains("broken.yaml:2:"))
        }
    }

    /// Nothing listens there.
    private static let nowhere = [
        "LONGHAUL_REDIS_URL": "redis://127.0.0.1:9/0", "LONGHAUL_RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:9/%2F",
    ]

    @Test(
        "69 for a server that cannot be reached, naming its setting",
        arguments: [
            (["setup"], "LONGHAUL_REDIS_URL"), (["setup"], "LONGHAUL_RABBITMQ_URL"), (["jobs"], "LONGHAUL_REDIS_URL"),
            (["job", "a"], "LONGHAUL_REDIS_URL"), (["watch", "--count", "1"], "LONGHAUL_REDIS_URL"),
            (["submit", "acme"], "LONGHAUL_RABBITMQ_URL"), (["orchestrator"], "LONGHAUL_REDIS_URL"),
            (["orchestrator"], "LONGHAUL_RABBITMQ_URL"), (["worker"], "LONGHAUL_REDIS_URL"), (["worker"], "LONGHAUL_RABBITMQ_URL"),
        ])
    func unreachable(command: [String], setting: String) async throws {
        try await Installation.run { installation in
            #expect(try await installation.longhaul("setup").status == 0)
            let changes = Self.nowhere.filter { $0.key == setting }.merging(["LONGHAUL_LOG_LEVEL": "critical"]) { $1 }
            let ended = try await installation.start(command, setting: changes).end(within: Installation.deadline)
            #expect(ended.status == 69)
            #expect(try ended.problem().hasPrefix("longhaul: \(setting)"))
        }
    }

    @Test("69 when the servers are not set up, naming the fix", arguments: [["jobs"], ["orchestrator"], ["submit", "acme"]])
    func notSetUp(command: [String]) async throws {
        try await Installation.run { installation in
            let ended = try await installation.start(command).end(within: Installation.deadline)
            #expect(ended.status == 69)
            #expect(ended.errors.contains("longhaul setup"))
        }
    }

    @Test("1 for an unknown job") func unknownJob() async throws {
        try await Installation.run { installation in
            #expect(try await installation.longhaul("setup").status == 0)
            let ended = try await installation.longhaul("job", "nobody")
            #expect(ended.status == 1)
            #expect(try ended.problem().contains("nobody"))
            #expect(ended.output.isEmpty)
        }
    }
}
