import JobMessages
import RabbitMQ
import Redis
import TestServers
import Testing

@testable import longhaul

@Suite("With servers that are set up, the command", .needsServers) struct CommandTests {
    private static func run(_ body: (Installation) async throws -> Void) async throws {
        try await Installation.run { installation in
            let setup = try await installation.longhaul("setup")
            #expect(setup.status == 0, "\(setup.errors)")
            try await body(installation)
        }
    }

    private static func withBroker<Result>(_ installation: Installation, _ body: (Administrator) async throws -> Result) async throws
        -> Result
    {
        let url = try #require(installation.environment["LONGHAUL_RABBITMQ_URL"])
        let administrator = Administrator(try RabbitMQConfiguration(url: url), logger: Terminal.quietLogger)
        let result = try await body(administrator)
        await administrator.shutdown()
        return result
    }

    private static func depths(_ installation: Installation) async throws -> [Int] {
        try await withBroker(installation) { broker in
            var depths: [Int] = []
            for queue in QueueNames.allJobs { depths.append(try await broker.depth(queue).messages) }
            return depths
        }
    }

    @Test("setup can run again, and reports what exists") func setup() async throws {
        try await Self.run { installation in
            let again = try await installation.longhaul("setup")
            #expect(again.status == 0)
            for name in Topology.queues.map(\.name) + Topology.exchanges.map(\.name) { #expect(again.output.contains(" \(name) (")) }
            #expect(again.output.contains("16 partitions"))
            let other = try await installation.longhaul("setup", setting: ["LONGHAUL_PARTITIONS": "8"])
            #expect(other.status == 69)
            #expect(try other.problem().contains("LONGHAUL_PARTITIONS=16"))
        }
    }

    @Test("setup creates the bucket on request, and leaves an existing one unchanged") func bucket() async throws {
        try await Self.run { installation in
            let output = "s3://setup-\(UInt64.random(in: 0 ... .max))/exports"
            let storage = [
                "LONGHAUL_OUTPUT": output, "AWS_ENDPOINT_URL_S3": try SharedServers.s3Endpoint, "AWS_ACCESS_KEY_ID": "a",
                "AWS_SECRET_ACCESS_KEY": "b",
            ]
            for _ in 1...2 {
                let setup = try await installation.longhaul("setup", "--create-bucket", setting: storage)
                #expect(setup.status == 0, "\(setup.errors)")
                #expect(setup.output.contains("bucket    \(output)"))
            }
            let doctor = try await installation.longhaul("doctor", setting: storage)
            #expect(doctor.output.contains("\(output) is writable"))
            let folder = try await installation.longhaul("setup", "--create-bucket")
            #expect(folder.status == 64)
        }
    }

    @Test("submit publishes one job to the queue of its priority and prints its name") func submit() async throws {
        try await Self.run { installation in
            let named = try await installation.longhaul("submit", "acme", "-p", "report=orders", "--id", "orders-1", "--priority", "high")
            #expect(named.status == 0)
            #expect(named.output == "orders-1\n")
            #expect(try await Self.depths(installation) == [1, 0, 0])
            let unnamed = try await installation.longhaul("submit", "acme", "--json")
            #expect(try unnamed.objects().first?["exportJobId"] is String)
            #expect(try await Self.depths(installation) == [1, 1, 0])
        }
    }

    @Test("submit rejects an invalid job and publishes nothing") func badSubmit() async throws {
        try await Self.run { installation in
            for arguments in [
                ["submit"], ["submit", "acme", "--id", "a b"], ["submit", "acme", "-p", "x"], ["submit", "acme", "--parameters", "[1]"],
            ] {
                let ended = try await installation.start(arguments).end(within: Installation.deadline)
                #expect(ended.status == 64, "\(arguments): \(ended.errors)")
            }
            #expect(try await Self.depths(installation) == [0, 0, 0])
        }
    }

    @Test("submit --from publishes one job per line") func submitFile() async throws {
        try await Self.run { installation in
            let lines = (0..<1200).map { #"{"provider":"acme","exportJobId":"job-\#($0)","priority":"\#($0 < 200 ? "low" : "normal")"}"# }
            let file = try installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
            let ended = try await installation.longhaul("submit", "--from", file)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.output.split(separator: "\n").count == 1200)
            #expect(try await Self.depths(installation) == [0, 1000, 200])
        }
    }

    @Test("submit --from names file and line of a bad line, and publishes nothing") func submitBadFile() async throws {
        try await Self.run { installation in
            let file = try installation.write("{\"provider\":\"acme\"}\n\n{\"provider\":7}\n", to: "jobs.ndjson")
            let ended = try await installation.longhaul("submit", "--from", file)
            #expect(ended.status == 64)
            #expect(try ended.problem().contains("jobs.ndjson, line 3: provider must be a string"))
            #expect(try await Self.depths(installation) == [0, 0, 0])
        }
    }

    @Test("watch --count 1 --json prints the counts once") func watch() async throws {
        try await Self.run { installation in
            let ended = try await installation.longhaul("watch", "--count", "1", "--json")
            #expect(ended.status == 0)
            let counts = try #require(try ended.objects().first)
            for status in ["PENDING", "POLLING", "READY", "PROCESSING", "COMPLETED", "FAILED", "overdueSeconds"] {
                #expect(counts[status] as? Int == 0)
            }
        }
    }

    @Test("doctor accepts good servers, and reports queues without consumers") func doctor() async throws {
        try await Self.run { installation in
            let ended = try await installation.longhaul("doctor", "--json")
            #expect(ended.status == 0, "\(ended.output)")
            let verdicts = try ended.objects().reduce(into: [String: String]()) {
                $0[$1["subject"] as? String ?? ""] = $1["verdict"] as? String
            }
            #expect(verdicts["redis"] == "good")
            #expect(verdicts["store"] == "good")
            #expect(verdicts["rabbitmq"] == "good")
            #expect(verdicts["provider acme"] == "good")
            #expect(verdicts["output"] == "good")
            #expect(verdicts[QueueNames.deadJobs] == "good")
            #expect(verdicts[QueueNames.checks] == "doubtful")
        }
    }

    @Test("doctor reports missing servers, queues and providers") func doctorFindings() async throws {
        try await Self.run { installation in
            func findings(_ changes: [String: String]) async throws -> [String] {
                let ended = try await installation.longhaul("doctor", "--json", setting: changes)
                #expect(ended.status == 1)
                return try ended.objects().filter { $0["verdict"] as? String == "bad" }.compactMap { $0["subject"] as? String }
            }
            #expect(try await findings(["LONGHAUL_REDIS_URL": "redis://127.0.0.1:9/0"]).first == "redis")
            #expect(try await findings(["LONGHAUL_RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:9/%2F"]) == ["rabbitmq"])
            #expect(try await findings(["LONGHAUL_PROVIDERS": "/nowhere"]) == ["provider file"])
            try await Self.withBroker(installation) { try await $0.delete(queue: QueueNames.checks) }
            #expect(try await findings([:]) == [QueueNames.checks])
        }
    }

    @Test("doctor reports the problems of all provider files, each on a line") func providerFiles() async throws {
        try await Self.run { installation in
            let acme = try String(contentsOf: installation.folder.appending(path: "providers/acme.yaml"), encoding: .utf8)
            _ = try installation.write(
                acme.replacing("provider: acme", with: "provider: bad\npollling: {}\nretri: {}"), to: "providers/bad.yaml")
            _ = try installation.write("provider: tab\n\tx: 1\n", to: "providers/tab.yaml")
            let ended = try await installation.longhaul("doctor", "--json")
            let bad = try ended.objects().filter { $0["verdict"] as? String == "bad" }
            #expect(bad.compactMap { $0["subject"] as? String } == ["provider file", "provider bad", "provider bad"], "\(ended.output)")
            #expect(bad.compactMap { $0["detail"] as? String }.allSatisfy { !$0.contains("\n") })
            #expect(try ended.objects().contains { $0["subject"] as? String == "provider acme" && $0["verdict"] as? String == "good" })
        }
    }

    @Test("provider check reports the problems of files without any server, and exits 1 only for problems") func providerCheck()
        async throws
    {
        try await Self.run { installation in
            var offline = installation
            for name in ["LONGHAUL_REDIS_URL", "LONGHAUL_RABBITMQ_URL"] { offline.environment[name] = nil }
            let folder = installation.folder.appending(path: "providers")
            let acme = try String(contentsOf: folder.appending(path: "acme.yaml"), encoding: .utf8)
            let good = try await offline.longhaul("provider", "check", folder.path)
            #expect(good.status == 0 && good.output.contains("✓ 1 file, 0 problems"), "\(good.output)\(good.errors)")
            _ = try installation.write(
                acme.replacing("provider: acme", with: "provider: bad\npollling: {}\nretri: {}"), to: "providers/bad.yaml")
            let bad = try await offline.longhaul("provider", "check", folder.path)
            #expect(bad.status == 1 && bad.output.contains("bad.yaml:2:1: error: pollling: unknown key"), "\(bad.output)")
            #expect(bad.output.contains("did you mean \"polling\"?") && bad.output.contains("✗ 2 files, 2 problems"))
            let json = try await offline.longhaul("provider", "check", folder.path, "--json").objects()
            #expect(json.filter { $0["severity"] as? String == "error" }.map { $0["line"] as? Int } == [2, 3])
            #expect(try await offline.longhaul("provider", "check", "/nowhere").status == 1)
        }
    }

    @Test("doctor reports a Redis that evicts and one without persistence") func evictingRedis() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Self.run { installation in
                var changed = installation
                changed.environment["LONGHAUL_REDIS_URL"] = try servers.value("LONGHAUL_REDIS_URL")
                #expect(try await changed.longhaul("setup").status == 0)
                #expect(try await changed.longhaul("doctor").status == 0)
                let url = try #require(changed.environment["LONGHAUL_REDIS_URL"])
                for setting in [["maxmemory-policy", "allkeys-lru"], ["appendonly", "no"]] {
                    let cli = try ChildProcess.start("/usr/bin/env", ["redis-cli", "-u", url, "CONFIG", "SET"] + setting)
                    #expect(try await cli.end(within: .seconds(20)).output == "OK\n")
                    let ended = try await changed.longhaul("doctor")
                    #expect(ended.status == 1)
                    #expect(ended.output.contains(setting[0] == "appendonly" ? "appendonly is off" : "maxmemory-policy is allkeys-lru"))
                }
            }
        }
    }
}
