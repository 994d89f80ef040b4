import Foundation
import RabbitMQ
import TestServers
import Testing

@Suite("Recovering", .needsServers, .timeLimit(.minutes(3)))
struct RecoveryTests {
    private static func proxy() throws -> TCPProxy {
        try TCPProxy(to: RabbitMQConfiguration(url: SharedServers.rabbitMQURL).endpoints[0].port)
    }

    @Test("after a cut, unacknowledged messages are redelivered, and acknowledgements of the old connection are dropped")
    func redelivery() async throws {
        let proxy = try Self.proxy()
        defer { proxy.stop() }
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            _ = try await publisher.publish(all: fixture.messages(0..<14))
            let consumer = try await fixture.consumer(port: proxy.port, prefetch: 10)
            var old = try await consumer.collect(10)
            await consumer.acknowledge(old.prefix(4).map(\.tag))
            // More deliveries show that the broker has received the acknowledgements.
            old += try await consumer.collect(4)
            proxy.cut()
            let again = try await within(.seconds(20), "redelivery") { try await consumer.collect(10) }
            let redelivered = again.map(\.isRedelivered)
            #expect(!redelivered.contains(false))
            #expect(again.map(\.text) == (4..<14).map(String.init))
            // A tag of the old connection refers to another message on the new one, so it must not reach the broker.
            await consumer.acknowledge(old.map(\.tag))
            #expect(await consumer.unsettled == 10)
            await consumer.reject(old.map(\.tag), requeue: false)
            #expect(await consumer.unsettled == 10)
            await consumer.acknowledge(again.map(\.tag))
            await consumer.shutdown()
            await publisher.shutdown()
            #expect(try await fixture.administrator.depth(fixture.queue).messages == 0)
        }
    }

    @Test("when connections are cut during publishing, no confirmed message is lost, and everything is confirmed")
    func cutsWhilePublishing() async throws {
        let proxy = try Self.proxy()
        defer { proxy.stop() }
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher(port: proxy.port) { $0.publishWindow = 200 }
            let publishing = Task {
                for start in stride(from: 0, to: 10_000, by: 500) {
                    let outcomes = try await publisher.publish(all: fixture.messages(start..<start + 500))
                    #expect(outcomes.allSatisfy { $0 == .confirmed })
                }
            }
            for number in 2...4 {
                try await eventually(within: .seconds(20), "messages are under way") { await publisher.unconfirmed > 100 }
                proxy.cut()
                try await eventually(within: .seconds(20), "the publisher is back") { proxy.accepted >= number }
            }
            try await publishing.value
            let consumer = try await fixture.consumer(prefetch: 1000)
            var seen: Set<String> = []
            while seen.count < 10_000 {
                let deliveries = try await within(.seconds(10), "the next delivery") { try await consumer.next(atMost: 500) }
                seen.formUnion(deliveries.map(\.text))
                await consumer.acknowledge(deliveries.map(\.tag))
            }
            await consumer.shutdown()
            await publisher.shutdown()
        }
    }

    @Test("missing heartbeats reveal a silent peer, and both sides continue on a new connection")
    func halfOpen() async throws {
        let proxy = try Self.proxy()
        defer { proxy.stop() }
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher(port: proxy.port) { $0.heartbeat = .seconds(2) }
            let consumer = try await fixture.consumer(port: proxy.port) { $0.heartbeat = .seconds(2) }
            proxy.silence()
            let start = ContinuousClock.now
            // Published to the silent peer: sent again after it is detected.
            #expect(try await publisher.publish(fixture.message("a")) == .confirmed)
            #expect(ContinuousClock.now - start > .seconds(1))
            #expect(ContinuousClock.now - start < .seconds(10))
            let delivery = try await within(.seconds(10), "delivery") { try await consumer.next(atMost: 1) }
            #expect(delivery.map(\.text) == ["a"])
            await consumer.acknowledge(delivery.map(\.tag))
            await consumer.shutdown()
            await publisher.shutdown()
        }
    }

    @Test("a broker that accepts connections but does not respond on channels is left after the call timeout, until it responds")
    func withheldChannels() async throws {
        let proxy = try Self.proxy()
        defer { proxy.stop() }
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher(port: proxy.port) { $0.callTimeout = .seconds(2) }
            let consumer = try await fixture.consumer(port: proxy.port) { $0.callTimeout = .seconds(2) }
            proxy.withholdChannels(true)
            proxy.cut()
            let publishing = Task { try await publisher.publish(fixture.message("late"), timeout: .seconds(60)) }
            // Two at first, two that hang, and two that replaced those.
            try await eventually(within: .seconds(30), "both connect again") { proxy.accepted >= 6 }
            proxy.withholdChannels(false)
            #expect(try await publishing.value(within: .seconds(60), "publishing") == .confirmed)
            #expect(try await consumer.collect(1).map(\.text) == ["late"])
            await consumer.shutdown()
            await publisher.shutdown()
        }
    }

    @Test("an idle connection is kept by heartbeats")
    func idle() async throws {
        let proxy = try Self.proxy()
        defer { proxy.stop() }
        try await Fixture.run { fixture in
            let consumer = try await fixture.consumer(port: proxy.port) { $0.heartbeat = .seconds(2) }
            // The broker closes a connection after two to three missed heartbeats. The test waits for exactly this.
            try await Task.sleep(for: .seconds(5))
            #expect(proxy.accepted == 1)
            #expect(await consumer.isConnected)
            await consumer.shutdown()
        }
    }

    @Test("a broker that stops reading blocks publishers, but not the thread")
    func broughtToAHalt() async throws {
        let proxy = try Self.proxy()
        defer { proxy.stop() }
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher(port: proxy.port) {
                $0.publishWindowBytes = 64 << 20
                $0.publishBacklogBytes = 64 << 20
            }
            proxy.silence()
            let message = OutgoingMessage(routingKey: fixture.queue, body: Array(repeating: 7, count: 1 << 20))
            let publishing = Task { try await publisher.publish(all: Array(repeating: message, count: 40), timeout: .seconds(10)) }
            try await eventually(within: .seconds(5), "the socket is full") { await publisher.unconfirmed > 0 }
            let slowest = try await withThrowingTaskGroup(of: Duration.self) { group in
                for _ in 0..<50 {
                    try await Task.sleep(for: .milliseconds(5))
                    group.addTask {
                        let start = ContinuousClock.now
                        _ = await publisher.waiting
                        return ContinuousClock.now - start
                    }
                }
                return try await group.reduce(.zero) { max($0, $1) }
            }
            // A blocking send would block forever; the limit is for a busy machine.
            #expect(slowest < .seconds(3))
            #expect(await publisher.waiting > 0)
            let overloaded = await #expect(throws: RabbitMQError.self) {
                try await publisher.publish(all: Array(repeating: message, count: 60))
            }
            #expect(overloaded?.kind == .overloaded)
            let late = await #expect(throws: RabbitMQError.self) { try await publishing.value }
            #expect(late?.kind == .timedOut)
            #expect(late?.isRetriable == true)
            #expect(await publisher.waiting == 0)
            await publisher.shutdown()
        }
    }

    @Test("a cancelled publish throws at once")
    func cancelledPublish() async throws {
        let proxy = try Self.proxy()
        defer { proxy.stop() }
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher(port: proxy.port)
            proxy.silence()
            let publishing = Task { try await publisher.publish(fixture.message("a")) }
            try await eventually(within: .seconds(5), "it is sent") { await publisher.unconfirmed == 1 }
            publishing.cancel()
            let error = await #expect(throws: RabbitMQError.self) {
                try await publishing.value(within: .seconds(5), "the cancelled publish")
            }
            #expect(error?.kind == .cancelled)
            await publisher.shutdown(timeout: .milliseconds(100))
        }
    }

    @Test("the first of several hosts that responds is used")
    func severalHosts() async throws {
        let dead = try TCPProxy(to: nil)
        dead.stop()
        try await Fixture.run { fixture in
            for _ in 0..<4 {
                let publisher = try await fixture.publisher {
                    $0.endpoints.insert(.init(host: "127.0.0.1", port: dead.port), at: 0)
                }
                #expect(try await publisher.publish(fixture.message("a")) == .confirmed)
                await publisher.shutdown()
            }
        }
    }

    @Test("a wrong password is reported as such and is not retried")
    func wrongPassword() async throws {
        try await Fixture.run(arguments: nil) { fixture in
            let error = await #expect(throws: RabbitMQError.self) { try await fixture.publisher { $0.password = "hunter2" } }
            #expect(error?.kind == .accessRefused)
            #expect(error?.isRetriable == false)
            #expect(error.map { "\($0)".contains("ACCESS_REFUSED") && !"\($0)".contains("hunter2") } == true)
            let host = await #expect(throws: RabbitMQError.self) { try await fixture.consumer { $0.virtualHost = "nowhere" } }
            #expect(host?.kind == .accessRefused)
        }
    }

    @Test("a host with no listener, or one that never responds, is unreachable within the timeout")
    func unreachable() async throws {
        let mute = try TCPProxy(to: nil)
        defer { mute.stop() }
        try await Fixture.run(arguments: nil) { fixture in
            let refused = await #expect(throws: RabbitMQError.self) { try await fixture.publisher(port: 1) }
            #expect(refused?.kind == .unreachable)
            #expect(refused?.isRetriable == true)
            let start = ContinuousClock.now
            let unanswered = await #expect(throws: RabbitMQError.self) {
                try await fixture.publisher(port: mute.port) { $0.connectTimeout = .milliseconds(300) }
            }
            #expect(unanswered?.kind == .unreachable)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }
}
