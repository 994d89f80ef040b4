import Foundation
import RabbitMQ
import TestServers
import Testing

@Suite("Publishing", .needsServers, .timeLimit(.minutes(2)))
struct PublisherTests {
    @Test("a message arrives with its body, properties and headers, and is confirmed")
    func roundTrip() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            let consumer = try await fixture.consumer()
            var properties = MessageProperties(
                messageID: "m-1", correlationID: "c-1", contentType: "application/json", type: "job", appID: "tests",
                timestamp: 1_700_000_000, expiration: .seconds(60), isPersistent: true,
                headers: [
                    "text": "wörter", "number": -42, "flag": true, "nothing": .null, "real": .double(1.5), "when": .timestamp(7),
                    "raw": .bytes([0, 255]), "list": [1, "two", ["three": 3]], "table": ["nested": ["deeper": [1, 2]]],
                ])
            properties.contentEncoding = "identity"
            properties.priority = 3
            properties.replyTo = "somewhere"
            let message = OutgoingMessage(routingKey: fixture.queue, body: Array("{\"a\":1}".utf8), properties: properties)
            #expect(try await publisher.publish(message) == .confirmed)

            let delivery = try #require(try await consumer.next(atMost: 10).first)
            #expect(delivery.body == message.body)
            #expect(delivery.properties == properties)
            #expect(delivery.queue == fixture.queue)
            #expect(delivery.routingKey == fixture.queue)
            #expect(delivery.exchange == "")
            #expect(!delivery.isRedelivered)
            #expect(!delivery.isTruncated)
            await consumer.acknowledge([delivery.tag])
            await consumer.shutdown()
            await publisher.shutdown()
            #expect(try await fixture.administrator.depth(fixture.queue).messages == 0)
        }
    }

    @Test("empty bodies and bodies of many frames arrive completely, and at most the allowed size is kept")
    func sizes() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            let consumer = try await fixture.consumer { $0.maxDeliveryBytes = 2_500_000 }
            let bodies = [0, 1, 32_767, 32_768, 32_769, 131_064, 500_000, 2_500_000, 3_000_000].map { size in
                var body = [UInt8](repeating: 0, count: size)
                for position in stride(from: 0, to: size, by: 997) { body[position] = UInt8(truncatingIfNeeded: position / 997) }
                return body
            }
            let outcomes = try await publisher.publish(all: bodies.map { OutgoingMessage(routingKey: fixture.queue, body: $0) })
            #expect(outcomes.allSatisfy { $0 == .confirmed })
            let deliveries = try await consumer.collect(bodies.count)
            for (delivery, body) in zip(deliveries, bodies) {
                #expect(delivery.body == Array(body.prefix(2_500_000)))
                #expect(delivery.bodySize == UInt64(body.count))
                #expect(delivery.isTruncated == (body.count > 2_500_000))
            }
            await consumer.shutdown()
            await publisher.shutdown()
        }
    }

    @Test("a mandatory message that no queue accepts is returned, and its neighbours are confirmed")
    func returned() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            var messages = fixture.messages(0..<50)
            for index in [3, 4, 20, 49] { messages[index].routingKey = "no-such-queue" }
            // Equal in every field.
            messages[4] = messages[3]
            let outcomes = try await publisher.publish(all: messages)
            for (index, outcome) in outcomes.enumerated() {
                #expect(outcome == ([3, 4, 20, 49].contains(index) ? .returned(code: 312, text: "NO_ROUTE") : .confirmed))
            }
            var dropped = messages[3]
            dropped.isMandatory = false
            #expect(try await publisher.publish(dropped) == .confirmed)
            await publisher.shutdown()
        }
    }

    @Test("a full queue that rejects publishes nacks them")
    func nacked() async throws {
        try await Fixture.run(arguments: ["x-max-length": 5, "x-overflow": "reject-publish"]) { fixture in
            let publisher = try await fixture.publisher()
            var outcomes: [PublishOutcome] = []
            for message in fixture.messages(0..<12) { outcomes.append(try await publisher.publish(message)) }
            #expect(outcomes.first == .confirmed)
            #expect(outcomes.last == .nacked)
            let depth = try await fixture.administrator.depth(fixture.queue).messages
            #expect(outcomes.count { $0 == .confirmed } == depth)
            await publisher.shutdown()
        }
    }

    @Test("a missing exchange fails its own message, and the others are published")
    func missingExchange() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            var lost = fixture.message("lost")
            lost.exchange = "no-such-exchange"
            let good = fixture.messages(0..<20)
            async let first = publisher.publish(all: Array(good.prefix(10)))
            let second = Task { [lost] in try await publisher.publish(lost) }
            async let third = publisher.publish(all: Array(good.suffix(10)))
            let error = await #expect(throws: RabbitMQError.self) { try await second.value }
            #expect(error?.kind == .notFound)
            #expect(error?.isRetriable == false)
            #expect(try await first.allSatisfy { $0 == .confirmed })
            #expect(try await third.allSatisfy { $0 == .confirmed })
            #expect(try await publisher.publish(fixture.message("after")) == .confirmed)
            await publisher.shutdown()
        }
    }

    @Test("a message over the limit is rejected before anything is sent")
    func tooLarge() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher { $0.maxMessageBytes = 100 }
            let message = OutgoingMessage(routingKey: fixture.queue, body: Array(repeating: 0, count: 101))
            let error = await #expect(throws: RabbitMQError.self) { try await publisher.publish(message) }
            #expect(error?.kind == .invalidMessage)
            await publisher.shutdown()
        }
    }

    @Test("thousands of concurrent single publishes stay within the window and are all confirmed")
    func window() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher { $0.publishWindow = 64 }
            let confirmed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for message in fixture.messages(0..<3000) {
                    group.addTask {
                        let isConfirmed = try await publisher.publish(message) == .confirmed
                        return await publisher.unconfirmed <= 64 && isConfirmed
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(confirmed == 3000)
            #expect(try await fixture.administrator.depth(fixture.queue).messages == 3000)
            await publisher.shutdown()
        }
    }

    @Test("shutdown waits for publishes in flight and rejects later ones")
    func shutdown() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            let messages = fixture.messages(0..<20_000)
            let publishing = Task { try await publisher.publish(all: messages) }
            // The whole batch is in flight as soon as the publisher has it, and takes about a second.
            while await publisher.unconfirmed == 0 { await Task.yield() }
            await publisher.shutdown(timeout: .seconds(60))
            let outcomes = try await publishing.value(within: .seconds(60), "the batch")
            #expect(outcomes.count { $0 == .confirmed } == 20_000)
            let error = await #expect(throws: RabbitMQError.self) { try await publisher.publish(messages[0]) }
            #expect(error?.kind == .shutDown)
        }
    }
}
