import Foundation
import TestServers
import Testing
import Yams

@Suite("The whole program, with the catalogue's APIs,", .needsServers, .timeLimit(.minutes(10)))
struct CatalogueDeliveryTests {
    @Test("delivers every scenario of every contract, and keeps their secrets to itself") func everything() async throws {
        let scenarios = try Contract.names.flatMap { name in
            let contract = try Contract.read(name)
            return contract.scenarios.map { (contract, $0) }
        }
        let cases = try scenarios.enumerated().map { try DeliveryCase($1.0, $1.1, number: $0) }
        defer { for delivery in cases { delivery.server.stop() } }
        try await Installation.run { installation in
            var installation = installation
            for delivery in cases {
                _ = try installation.write(delivery.providerFile(), to: "providers/\(delivery.name).yaml")
                installation.environment.merge(delivery.environment) { $1 }
            }
            installation.environment["LONGHAUL_EVENTS"] = "all"
            installation.environment["LONGHAUL_SECRETS_KEY"] = Data((0..<32).map { UInt8($0) }).base64EncodedString()
            #expect(try await installation.longhaul("setup").status == 0)
            let broker = VirtualHost(url: installation.environment["LONGHAUL_RABBITMQ_URL"] ?? "")
            try await broker.trace()
            let roles = [try installation.start(["orchestrator"]), try installation.start(["worker"])]
            // Compiling that many files takes its time.
            let last = try #require(cases.last?.name)
            try await eventually(within: .seconds(240), "the providers") {
                try await installation.longhaul("provider", "list").output.contains(last)
            }
            let jobs = try installation.write(cases.map(\.job).joined(separator: "\n"), to: "jobs.ndjson")
            let submission = try installation.start(["submit", "--from", jobs, "--wait"])
            let submitted = try await submission.end(within: .seconds(240))
            // Some are to fail.
            try #require(submitted.status == 1, "\(submitted.output)\(submitted.errors)")
            var texts = [submitted.output, submitted.errors]
            for delivery in cases {
                let shown = try await installation.longhaul("job", delivery.id)
                texts.append(shown.output)
                try delivery.judge(shown.output, installation)
            }
            texts.append(try await installation.longhaul("dead-letters", "list", "--json").output)
            for role in roles {
                role.send(SIGTERM)
                let ended = try await role.end(within: Installation.deadline)
                texts += [ended.output, ended.errors]
            }
            texts.append(try await Self.redis(installation))
            let messages = try await broker.traced()
            for delivery in cases { #expect(messages.contains(delivery.id), "a message about each job is among those that are searched") }
            texts.append(messages)
            texts += Self.files(below: installation.folder.appending(path: "out"))
            let secrets = cases.flatMap(\.secrets)
            #expect(secrets.count > cases.count)
            for text in texts { for secret in secrets where text.contains(secret) { Issue.record("\(secret) in \(text.prefix(2000))") } }
        }
    }

    /// All that the store holds.
    private static func redis(_ installation: Installation) async throws -> String {
        let url = installation.environment["LONGHAUL_REDIS_URL"] ?? ""
        let script = """
            local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do local kind = redis.call('TYPE', key).ok
            local value = kind == 'hash' and redis.call('HGETALL', key) or kind == 'string' and {redis.call('GET', key)}
            or kind == 'zset' and redis.call('ZRANGE', key, 0, -1) or kind == 'stream' and redis.call('XRANGE', key, '-', '+')
            or kind == 'set' and redis.call('SMEMBERS', key) or redis.call('LRANGE', key, 0, -1)
            all[#all + 1] = key for _, part in ipairs(value) do all[#all + 1] = part end end return all
            """
        let ended = try await ChildProcess.start("/usr/bin/env", ["redis-cli", "-u", url, "EVAL", script, "0"]).end(within: .seconds(30))
        #expect(ended.status == 0 && ended.output.contains("lh:"), "\(ended.output.prefix(300))\(ended.errors)")
        return ended.output
    }

    private static func files(below folder: URL) -> [String] {
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix("manifest.json") }.compactMap {
            try? String(contentsOf: folder.appending(path: $0), encoding: .utf8)
        }
    }
}

/// One scenario of a contract as a job of the whole program: with a provider of its own, which polls fast.
private struct DeliveryCase {
    let name: String
    /// As long as the id in the contracts: an API may bound its length.
    let id: String
    let contract: Contract
    let scenario: Contract.Scenario
    let server: ContractServer
    /// The secrets by names of their own.
    let environment: [String: String]
    let secrets: [String]

    init(_ contract: Contract, _ scenario: Contract.Scenario, number: Int) throws {
        let name = "\(contract.name)-\(number)"
        id = "delivery" + (number < 10 ? "0\(number)" : "\(number)")
        self.name = name
        self.contract = contract
        let scenario = scenario.renamed(job: "contract-1", to: id)
        self.scenario = scenario
        server = try ContractServer(contract, scenario)
        let (environment, secrets) = try contract.secrets()
        self.environment = Dictionary(uniqueKeysWithValues: environment.map { (Self.renamed($0.key, name), $0.value) })
        self.secrets = secrets
    }

    private static func renamed(_ secret: String, _ name: String) -> String { "\(secret)_\(name.replacing("-", with: "_"))" }

    var job: String { #"{"provider":"\#(name)","exportJobId":"\#(id)","parameters":\#(scenario.parameters)}"# }

    func providerFile() throws -> String {
        var text = try contract.providerFile(server)
        for secret in contract.environment.keys.sorted(by: { $0.count > $1.count }) {
            text = text.replacing(".secrets.\(secret) ", with: ".secrets.\(Self.renamed(secret, name)) ")
        }
        // As nodes, which keep the order of keys: queries are sent in it.
        var yaml = try #require(try Yams.compose(yaml: text))
        yaml["provider"] = Node(name)
        yaml["polling"] = try Self.node("{ policy: fixed, interval: 100ms, maxWait: 5m }")
        yaml["retry"] = try Self.node("{ attempts: 8, base: 20ms, cap: 100ms }")
        yaml["breaker"] = try Self.node("{ minimum: 100000 }")
        if yaml["recreate"] != nil { yaml["recreate"]?["after"] = Node("100ms") }
        for key in ["creates", "checks"] where yaml["limits"]?[key] != nil { yaml["limits"]?.mapping?[key] = nil }
        return try Yams.serialize(node: yaml)
    }

    private static func node(_ yaml: String) throws -> Node { try #require(try Yams.compose(yaml: yaml)) }

    func judge(_ shown: String, _ installation: Installation) throws {
        #expect(server.faults.isEmpty, "\(name): \(server.faults.joined(separator: "\n"))\n\(shown)")
        if let code = scenario.failure {
            #expect(shown.contains("FAILED") && shown.contains(code), "\(name): \(code)\n\(shown)")
            return
        }
        #expect(shown.contains("COMPLETED"), "\(name): \(shown)")
        let out = installation.folder.appending(path: "out/\(name)")
        let paths = FileManager.default.enumerator(atPath: out.path)?.compactMap { $0 as? String } ?? []
        let objects = Set(paths.compactMap { FileManager.default.contents(atPath: "\(out.path)/\($0)") })
        // What is packed is unpacked: its bytes are those of the transfer tests.
        for (file, content) in scenario.files where content.first != 0x1F && !content.starts(with: Array("PK".utf8)) {
            #expect(objects.contains(content), "\(name): \(file)")
        }
    }
}
