import Foundation
import RabbitMQ
import TestServers
import Testing

@Suite("A failing broker", .needsServers, .timeLimit(.minutes(5)))
struct BrokerFailureTests {
    @Test("publisher and consumer recover from SIGKILL and restart of the broker and lose nothing")
    func killed() async throws {
        try await ServerGroup.run([.rabbitmq]) { servers in
            try await Fixture.run(url: servers.value("LONGHAUL_RABBITMQ_URL")) { fixture in
                // A queue declared seconds ago is not on disk yet; a clean restart writes it.
                try await servers.terminate(.rabbitmq)
                try await servers.start(.rabbitmq)
                let publisher = try await fixture.publisher { $0.publishTimeout = .seconds(120) }
                let consumer = try await fixture.consumer(prefetch: 50)
                let publishing = Task {
                    for start in stride(from: 0, to: 4000, by: 100) {
                        let outcomes = try await publisher.publish(all: fixture.messages(start..<start + 100))
                        #expect(outcomes.allSatisfy { $0 == .confirmed })
                    }
                }
                let consuming = Task {
                    var seen: Set<String> = []
                    while seen.count < 4000 {
                        let deliveries = try await consumer.next(atMost: 20)
                        seen.formUnion(deliveries.map(\.text))
                        await consumer.acknowledge(deliveries.map(\.tag))
                    }
                    return seen
                }
                try await eventually(within: .seconds(20), "messages are under way") {
                    try await fixture.administrator.depth(fixture.queue).messages > 0
                }
                try await servers.kill(.rabbitmq)
                try await eventually(within: .seconds(20), "both have noticed") {
                    let (publishing, consuming) = (await publisher.isConnected, await consumer.isConnected)
                    return !publishing && !consuming
                }
                try await servers.start(.rabbitmq)
                try await publishing.value(within: .seconds(120), "publishing")
                let seen = try await consuming.value(within: .seconds(60), "consuming")
                #expect(seen == Set((0..<4000).map(String.init)))
                await consumer.shutdown()
                await publisher.shutdown()
            }
        }
    }

    @Test("during a memory alarm of the broker nothing is published, and acknowledgements still get through")
    func blocked() async throws {
        try await ServerGroup.run([.rabbitmq]) { servers in
            let url = try servers.value("LONGHAUL_RABBITMQ_URL")
            let node = try BrokerNode(url: url)
            try await Fixture.run(url: url) { fixture in
                let publisher = try await fixture.publisher()
                let consumer = try await fixture.consumer()
                #expect(try await publisher.publish(all: fixture.messages(0..<3)).allSatisfy { $0 == .confirmed })
                let deliveries = try await consumer.collect(3)

                try await node.control("set_vm_memory_high_watermark", "0.0000001")
                // The broker blocks a connection when it publishes: this message may or may not pass.
                let first = Task { try await publisher.publish(fixture.message("first"), timeout: .seconds(120)) }
                try await eventually(within: .seconds(20), "the broker has blocked the publisher") { await publisher.isBlocked }
                let late = await #expect(throws: RabbitMQError.self) {
                    try await publisher.publish(fixture.message("late"), timeout: .milliseconds(300))
                }
                #expect(late?.kind == .timedOut)
                #expect(late?.cause.contains("alarm") == true)
                let waiting = Task { try await publisher.publish(fixture.message("waiting"), timeout: .seconds(120)) }
                await consumer.acknowledge(deliveries.map(\.tag))
                try await eventually(within: .seconds(10), "the acknowledgements are sent") { await consumer.unsettled == 0 }

                try await node.control("set_vm_memory_high_watermark", "0.8")
                #expect(try await first.value(within: .seconds(60), "the first confirm") == .confirmed)
                #expect(try await waiting.value(within: .seconds(60), "the second confirm") == .confirmed)
                #expect(await !publisher.isBlocked)
                let rest = try await consumer.collect(2)
                #expect(rest.map(\.text).sorted() == ["first", "waiting"])
                await consumer.shutdown()
                await publisher.shutdown()
            }
        }
    }
}

/// The private node behind a URL, for `rabbitmqctl`.
private struct BrokerNode {
    private let folder: URL
    private let ports: [String]

    /// Finds the folder of the node in `ops/servers` by its port.
    init(url: String) throws {
        let port = try String(RabbitMQConfiguration(url: url).endpoints[0].port)
        let scratch = FileManager.default.temporaryDirectory
        for name in try FileManager.default.contentsOfDirectory(atPath: scratch.path) where name.hasPrefix("longhaul-servers-") {
            let folder = scratch.appending(path: name).appending(path: "rabbitmq")
            guard let text = try? String(contentsOf: folder.appending(path: "ports"), encoding: .utf8) else { continue }
            let ports = text.split(whereSeparator: \.isWhitespace).map(String.init)
            if ports.first == port {
                self.folder = folder
                self.ports = ports
                return
            }
        }
        throw TooLate(what: "a node that serves port \(port)", deadline: .zero)
    }

    func control(_ arguments: String...) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/lib/rabbitmq/bin/rabbitmqctl")
        process.arguments = ["-n", "longhaul-\(ports[0])@localhost"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "HOME": folder.path, "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": ports[3],
            "RABBITMQ_CONF_ENV_FILE": folder.appending(path: "rabbitmq-env.conf").path,
        ]) { $1 }
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let status = try await eventually(within: .seconds(120), "the end of rabbitmqctl") { process.exitStatus }
        #expect(status == 0)
    }
}
