import Foundation
import FoundationNetworking
import Sandbox
import TestServers
import Testing

@testable import longhaul

/// Real processes on real servers. Each server is taken away during the work.
@Suite("While a server is down", .needsServers, .serialized, .timeLimit(.minutes(15))) struct DegradationTests {
    enum Outage: String, CaseIterable, Sendable {
        case redis, rabbitmq, alarm, s3, api
    }

    /// The `/readyz` check, and its process, that reports each outage. The API is a dependency of jobs, not of a process.
    private static let telling: [Outage: (role: String, check: String)] = [
        .redis: ("orchestrator", "timers"), .rabbitmq: ("worker", "rabbitmq"), .alarm: ("orchestrator", "rabbitmq"),
        .s3: ("worker", "storage"),
    ]

    @Test(
        "jobs wait, /readyz names the server, /healthz stays green, logs do not flood, and all recovers without intervention",
        arguments: Outage.allCases)
    func outage(_ outage: Outage) async throws {
        try await ServerGroup.run([.redis, .rabbitmq, .s3]) { servers in
            try await Installation.run(on: servers) { installation in
                var installation = installation
                installation.environment["LONGHAUL_OUTPUT"] = "s3://degradation/out"
                try await Self.createBucket(servers)
                let api = try await SimulatedAPI(installation)
                #expect(try await installation.longhaul("setup").status == 0)
                let roles = try ["orchestrator", "worker"].map {
                    ($0, try installation.start([$0], setting: ["LONGHAUL_LOG_FORMAT": "json"]))
                }
                var ports: [String: Int] = [:]
                for (name, process) in roles { ports[name] = try await process.healthPort() }
                try await Self.submit(1..<31, installation)
                // Some jobs that are checked meanwhile: a broker reports its alarm only to publishers.
                try await Self.submit(31..<41, installation, parameters: #"{"durationSeconds":\#(outage == .alarm ? 60 : 15)}"#)
                try await Self.reach(installation) { $0["COMPLETED", default: 0] >= 3 }

                try await Self.begin(outage, servers, api)
                // The jobs during the outage. While the broker is away, nobody can submit.
                if outage != .rabbitmq, outage != .alarm { try await Self.submit(41..<61, installation) }
                if let (role, check) = Self.telling[outage] {
                    let port = try #require(ports[role])
                    try await eventually(within: Installation.deadline, "/readyz of the \(role) tells of \(check)") {
                        try await Self.failing(port).contains(check)
                    }
                } else {
                    try await eventually(within: Installation.deadline, "the breaker opens") {
                        try await installation.longhaul("doctor").output.contains("circuit breaker is open")
                    }
                }
                for (name, _) in roles { #expect(try await Self.get(try #require(ports[name]), "/healthz").status == 200, "\(name)") }
                try await Self.end(outage, servers, api)

                let all = outage == .rabbitmq || outage == .alarm ? 40 : 60
                try await Self.reach(installation) { $0["COMPLETED"] == all }
                for (name, process) in roles {
                    let port = try #require(ports[name])
                    try await eventually(within: Installation.deadline, "/readyz of the \(name) is content again") {
                        try await Self.failing(port).isEmpty
                    }
                    process.send(SIGTERM)
                    let ended = try await process.end(within: Installation.deadline)
                    #expect(ended.status == 0)
                    let troubles = ended.errors.split(separator: "\n").count {
                        $0.contains(#""level":"warn"#) || $0.contains(#""level":"error"#)
                    }
                    #expect(troubles < 400, "\(troubles) warnings of the \(name)")
                }
                try await api.stop()
            }
        }
    }

    private static func begin(_ outage: Outage, _ servers: ServerGroup, _ api: SimulatedAPI) async throws {
        switch outage {
        case .redis: try await servers.kill(.redis)
        case .rabbitmq: try await servers.kill(.rabbitmq)
        case .alarm: try await servers.alarm()
        case .s3: try await servers.kill(.s3)
        case .api: try await api.freeze()
        }
    }

    private static func end(_ outage: Outage, _ servers: ServerGroup, _ api: SimulatedAPI) async throws {
        switch outage {
        case .redis: try await servers.start(.redis)
        case .rabbitmq: try await servers.start(.rabbitmq)
        case .alarm: try await servers.calm()
        case .s3:
            try await servers.start(.s3)
            // moto keeps everything in memory.
            try await createBucket(servers)
        case .api: api.thaw()
        }
    }

    private static func submit(_ numbers: Range<Int>, _ installation: Installation, parameters: String = "{}") async throws {
        let lines = numbers.map { #"{"provider":"acme","exportJobId":"job-\#($0)","parameters":\#(parameters)}"# }
        let file = try installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
        #expect(try await installation.longhaul("submit", "--from", file).status == 0)
    }

    private static func reach(_ installation: Installation, _ condition: ([String: Int]) -> Bool) async throws {
        var last: [String: Int] = [:]
        do {
            try await eventually(within: .seconds(120), "the jobs") {
                let looked = try await installation.longhaul("watch", "--count", "1", "--json")
                guard looked.status == 0 else { return false }
                last = try #require(try looked.objects().first).compactMapValues { $0 as? Int }
                return condition(last)
            }
        } catch {
            throw TestServersError("\(error); they are \(last)")
        }
    }

    private static func createBucket(_ servers: ServerGroup) async throws {
        var request = URLRequest(url: try #require(URL(string: try servers.value("AWS_ENDPOINT_URL_S3") + "/degradation")))
        request.httpMethod = "PUT"
        _ = try await URLSession.shared.data(for: request)
    }

    private static func get(_ port: Int, _ path: String) async throws -> (status: Int, body: Data) {
        let (data, response) = try await URLSession.shared.data(from: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        return (try #require(response as? HTTPURLResponse).statusCode, data)
    }

    /// The failing checks.
    private static func failing(_ port: Int) async throws -> [String] {
        struct Report: Decodable {
            struct Check: Decodable {
                var name: String
                var ok: Bool
            }
            var checks: [Check]
        }
        return try JSONDecoder().decode(Report.self, from: try await get(port, "/readyz").body).checks.filter { !$0.ok }.map(\.name)
    }
}

/// A simulated API in its own process, which can stop responding.
private struct SimulatedAPI {
    private let process: ChildProcess

    init(_ installation: Installation) async throws {
        let process = try installation.start([
            "sandbox", "--port", "0", "--duration", "uniform:0s..3s", "--bytes", "fixed:1000", "--retry-after", "off",
        ])
        let port = try await eventually(within: Installation.deadline, "the sandbox") {
            try process.output.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)/).map { String($0.1) }
        }
        let lines = "breaker: { openFor: 500ms }\ntimeouts: { connect: 500ms, firstByte: 500ms, whole: 1s }\n"
        try installation.writeProvider(baseURL: "http://127.0.0.1:\(port)", more: lines)
        self.process = process
    }

    func freeze() async throws { try await process.freeze() }
    func thaw() { process.send(SIGCONT) }

    func stop() async throws {
        process.send(SIGTERM)
        #expect(try await process.end(within: Installation.deadline).status == 0)
    }
}
