import TestServers
import Testing

@testable import RabbitMQ

@Suite("Browsing a queue", .needsServers, .timeLimit(.minutes(2)))
struct QueueBrowserTests {
    /// Like the dead-letter queues.
    private static let quorum: [String: AMQPValue] = ["x-queue-type": "quorum", "x-delivery-limit": 1_000_000]

    /// A queue that holds the texts 0 to `count`.
    private static func run(
        _ count: Int, arguments: [String: AMQPValue] = quorum, _ body: (Fixture) async throws -> Void
    ) async throws {
        try await Fixture.run(arguments: arguments) { fixture in
            let publisher = try await fixture.publisher()
            #expect(try await publisher.publish(all: fixture.messages(0..<count)).allSatisfy { $0 == .confirmed })
            await publisher.shutdown()
            try await body(fixture)
        }
    }

    private static func browse(_ fixture: Fixture, _ body: (QueueBrowser) async throws -> Void) async throws {
        let browser = try await QueueBrowser.open(fixture.configuration, queue: fixture.queue)
        try await body(browser)
        try await browser.close()
    }

    @Test("messages that were read are available again at once, any number of times", arguments: [(quorum, 30), (quorum, 150), ([:], 150)])
    func lookingOnly(arguments: [String: AMQPValue], count: Int) async throws {
        try await Self.run(count, arguments: arguments) { fixture in
            // Without its own limit, a quorum queue of RabbitMQ 4 would drop the messages.
            for _ in 0..<25 {
                try await Self.browse(fixture) { browser in
                    #expect(browser.depth == count)
                    var texts = try await browser.next(atMost: 200).map(\.text)
                    // See `QueueBrowser`: with so many messages, a quorum queue does not keep the order.
                    if count > 32, arguments["x-queue-type"] == "quorum" { texts.sort { (Int($0) ?? 0) < (Int($1) ?? 0) } }
                    #expect(texts == (0..<count).map { "\($0)" })
                    #expect(try await browser.next(atMost: 1).isEmpty)
                }
            }
        }
    }

    @Test("acknowledged messages are removed, and the rest is unchanged")
    func acknowledging() async throws {
        try await Self.run(100, arguments: [:]) { fixture in
            try await Self.browse(fixture) { browser in
                let first = try await browser.next(atMost: 30)
                #expect(first.count == 30)
                try await browser.acknowledge(first.filter { (Int($0.text) ?? 0) % 2 == 0 }.map(\.tag))
                let second = try await browser.next(atMost: 10)
                #expect(second.map(\.text) == (30..<40).map { "\($0)" })
                try await browser.acknowledge(second.map(\.tag))
            }
            try await Self.browse(fixture) { browser in
                #expect(browser.depth == 75)
                let expected = (0..<100).filter { $0 >= 40 || ($0 < 30 && $0 % 2 == 1) }.map { "\($0)" }
                let texts = try await browser.next(atMost: 100).map(\.text)
                #expect(texts == expected)
            }
        }
    }

    @Test("a browser that ends abruptly, as with its process, loses nothing")
    func dropped() async throws {
        try await Self.run(50) { fixture in
            do {
                let browser = try await QueueBrowser.open(fixture.configuration, queue: fixture.queue)
                #expect(try await browser.next(atMost: 50).count == 50)
                #expect(try await fixture.administrator.depth(fixture.queue).messages == 0)
            }
            try await eventually(within: .seconds(20), "the messages to be back") {
                try await fixture.administrator.depth(fixture.queue).messages == 50
            }
            try await Self.browse(fixture) { browser in
                let texts = try await browser.next(atMost: 50).map(\.text)
                #expect(Set(texts) == Set((0..<50).map { "\($0)" }))
            }
        }
    }

    @Test("properties, headers, an empty body and the beginning of a large one are unchanged")
    func content() async throws {
        try await Self.run(0) { fixture in
            let publisher = try await fixture.publisher()
            let properties = MessageProperties(
                messageID: "m", correlationID: "c", timestamp: 1_700_000_000, headers: ["x-longhaul-reason": "not-json", "n": 7])
            let empty = OutgoingMessage(routingKey: fixture.queue, body: [], properties: properties)
            let large = OutgoingMessage(routingKey: fixture.queue, body: [UInt8](repeating: 7, count: 300_000))
            #expect(try await publisher.publish(all: [empty, large]) == [.confirmed, .confirmed])
            await publisher.shutdown()
            var configuration = fixture.configuration
            configuration.maxDeliveryBytes = 1000
            let browser = try await QueueBrowser.open(configuration, queue: fixture.queue)
            let found = try await browser.next(atMost: 5)
            try #require(found.count == 2)
            #expect(found[0].body.isEmpty)
            #expect(!found[0].isTruncated)
            #expect(found[0].properties.messageID == "m")
            #expect(found[0].properties.timestamp == 1_700_000_000)
            #expect(found[0].properties.headers["x-longhaul-reason"] == "not-json")
            #expect(found[0].properties.headers["n"] == 7)
            #expect(found[0].routingKey == fixture.queue)
            #expect(found[1].body == [UInt8](repeating: 7, count: 1000))
            #expect(found[1].bodySize == 300_000)
            try await browser.close()
        }
    }

    @Test("a missing queue is reported by its name")
    func missing() async throws {
        try await Fixture.run(arguments: nil) { fixture in
            let error = await #expect(throws: RabbitMQError.self) {
                _ = try await QueueBrowser.open(fixture.configuration, queue: fixture.queue)
            }
            #expect(error?.kind == .notFound)
            #expect(error?.attempted == "browsing queue '\(fixture.queue)'")
        }
    }

    @Test("a queue that is deleted meanwhile is reported, and the browser ends")
    func deleted() async throws {
        try await Self.run(1) { fixture in
            let browser = try await QueueBrowser.open(fixture.configuration, queue: fixture.queue)
            try await fixture.administrator.delete(queue: fixture.queue)
            let error = await #expect(throws: RabbitMQError.self) { try await browser.next(atMost: 1) }
            #expect(error?.kind == .notFound)
            let later = await #expect(throws: RabbitMQError.self) { try await browser.next(atMost: 1) }
            #expect(later?.kind == .shutDown)
            try await browser.close()
        }
    }

    @Test("a lost connection and a silent broker are errors, in time")
    func lost() async throws {
        try await Self.run(1) { fixture in
            let proxy = try TCPProxy(to: fixture.configuration.endpoints.first?.port)
            defer { proxy.stop() }
            var configuration = fixture.configuration
            configuration.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
            configuration.callTimeout = .milliseconds(500)
            let cut = try await QueueBrowser.open(configuration, queue: fixture.queue)
            proxy.cut()
            let error = await #expect(throws: RabbitMQError.self) { try await cut.next(atMost: 1) }
            #expect(error?.kind == .connectionLost)
            let silent = try await QueueBrowser.open(configuration, queue: fixture.queue)
            proxy.silence()
            let late = await #expect(throws: RabbitMQError.self) {
                try await within(.seconds(10), "the end of the call") { try await silent.next(atMost: 1) }
            }
            #expect(late?.kind == .timedOut)
        }
    }
}
