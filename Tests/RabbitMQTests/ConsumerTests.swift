import RabbitMQ
import TestServers
import Testing

@Suite("Consuming", .needsServers, .timeLimit(.minutes(2)))
struct ConsumerTests {
    @Test("at most the prefetch is held, and acknowledging delivers more")
    func prefetch() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            _ = try await publisher.publish(all: fixture.messages(0..<50))
            let consumer = try await fixture.consumer(prefetch: 10)
            let first = try await consumer.collect(10)
            // The broker counts undelivered messages: once the count is stable, no more than ten have left the queue.
            #expect(try await fixture.administrator.depth(fixture.queue).messages == 40)
            #expect(await consumer.unsettled == 10)
            #expect(await consumer.ready(in: fixture.queue) == 0)
            await consumer.acknowledge(first.map(\.tag))
            let second = try await consumer.collect(10)
            #expect(second.map(\.text) == (10..<20).map(String.init))
            await consumer.shutdown()
            await publisher.shutdown()
            #expect(try await fixture.administrator.depth(fixture.queue).messages == 40)
        }
    }

    @Test("acknowledgements in any order empty the queue")
    func acknowledgements() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            let consumer = try await fixture.consumer(prefetch: 200)
            let publishing = Task { try await publisher.publish(all: fixture.messages(0..<5000)) }
            var seen: Set<String> = []
            while seen.count < 5000 {
                let deliveries = try await consumer.next(atMost: 50)
                seen.formUnion(deliveries.map(\.text))
                #expect(deliveries.allSatisfy { !$0.isRedelivered })
                await consumer.acknowledge(deliveries.map(\.tag).shuffled())
            }
            #expect(try await publishing.value.allSatisfy { $0 == .confirmed })
            await consumer.shutdown()
            await publisher.shutdown()
            #expect(try await fixture.administrator.depth(fixture.queue).messages == 0)
        }
    }

    @Test("a rejected delivery is redelivered or dead-lettered, as requested")
    func rejections() async throws {
        try await Fixture.run(arguments: nil) { fixture in
            let dead = fixture.queue + "-dead"
            try await fixture.administrator.declare(QueueDeclaration(dead))
            try await fixture.administrator.declare(
                QueueDeclaration(
                    fixture.queue, type: .quorum, arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(dead)]))
            let publisher = try await fixture.publisher()
            let consumer = try await fixture.consumer(queues: [fixture.queue, dead])
            #expect(try await publisher.publish(fixture.message("a")) == .confirmed)
            let first = try await consumer.next(atMost: [fixture.queue: 1])
            await consumer.reject(first.map(\.tag), requeue: true)
            let second = try await consumer.next(atMost: [fixture.queue: 1])
            #expect(second.map(\.isRedelivered) == [true])
            #expect(second.first?.properties.headers["x-delivery-count"] == 1)
            await consumer.reject(second.map(\.tag), requeue: false)
            let third = try await consumer.next(atMost: [dead: 1])
            #expect(third.first?.text == "a")
            guard case .array(let deaths)? = third.first?.properties.headers["x-death"], case .table(let death)? = deaths.first else {
                Issue.record("no x-death in \(third)")
                return
            }
            #expect(death["queue"] == .string(fixture.queue))
            #expect(death["reason"] == "rejected")
            await consumer.acknowledge(third.map(\.tag))
            await consumer.shutdown()
            await publisher.shutdown()
            try await fixture.administrator.delete(queue: dead)
        }
    }

    @Test("the limits of a pull balance the queues")
    func weights() async throws {
        try await Fixture.run { fixture in
            let low = fixture.queue + "-low"
            try await fixture.administrator.declare(QueueDeclaration(low))
            let publisher = try await fixture.publisher()
            _ = try await publisher.publish(all: fixture.messages(0..<50) + (0..<50).map { fixture.message("low-\($0)", to: low) })
            let consumer = try await fixture.consumer(queues: [fixture.queue, low])
            try await eventually(within: .seconds(10), "both queues have delivered") {
                let (high, low) = (await consumer.ready(in: fixture.queue), await consumer.ready(in: low))
                return high == 50 && low == 50
            }
            let pulled = try await consumer.next(atMost: [fixture.queue: 8, low: 2])
            #expect(pulled.count { $0.queue == fixture.queue } == 8)
            #expect(pulled.count { $0.queue == low } == 2)
            let any = try await consumer.next(atMost: 10)
            #expect(Set(any.map(\.queue)).count == 2)
            await consumer.shutdown()
            await publisher.shutdown()
            try await fixture.administrator.delete(queue: low)
        }
    }

    @Test("a cancelled pull throws and takes nothing")
    func cancellation() async throws {
        try await Fixture.run { fixture in
            let consumer = try await fixture.consumer()
            let pull = Task { try await consumer.next(atMost: 1) }
            pull.cancel()
            let error = await #expect(throws: RabbitMQError.self) { try await pull.value }
            #expect(error?.kind == .cancelled)
            let publisher = try await fixture.publisher()
            _ = try await publisher.publish(fixture.message("still here"))
            #expect(try await consumer.next(atMost: 1).map(\.text) == ["still here"])
            await consumer.shutdown()
            await publisher.shutdown()
        }
    }

    @Test("stopping the intake returns unpulled messages, and the rest can still be acknowledged")
    func stopIntake() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            _ = try await publisher.publish(all: fixture.messages(0..<20))
            let consumer = try await fixture.consumer(prefetch: 10)
            let pulled = try await consumer.collect(4)
            await consumer.stopIntake()
            #expect(try await consumer.next(atMost: 10).isEmpty)
            try await eventually(within: .seconds(10), "the rest is back") {
                try await fixture.administrator.depth(fixture.queue) == QueueDepth(messages: 16, consumers: 0)
            }
            await consumer.acknowledge(pulled.map(\.tag))
            await consumer.shutdown()
            #expect(try await consumer.next(atMost: 10).isEmpty)
            let successor = try await fixture.consumer()
            #expect(try await successor.collect(16).map(\.text).sorted() == (4..<20).map(String.init).sorted())
            await successor.shutdown()
            await publisher.shutdown()
        }
    }

    @Test("shutdown ends a waiting pull with nothing")
    func shutdownEndsPulls() async throws {
        try await Fixture.run { fixture in
            let consumer = try await fixture.consumer()
            let pull = Task { try await consumer.next(atMost: 1) }
            await consumer.shutdown()
            #expect(try await pull.value.isEmpty)
        }
    }

    @Test("a missing queue fails the first connection")
    func missingQueue() async throws {
        try await Fixture.run { fixture in
            let error = await #expect(throws: RabbitMQError.self) {
                try await fixture.consumer(queues: [fixture.queue, fixture.queue + "-missing"])
            }
            #expect(error?.kind == .notFound)
            #expect(error?.attempted.contains("-missing") == true)
        }
    }

    @Test("after a deleted queue returns, the consumer subscribes again; other queues continue meanwhile")
    func deletedQueue() async throws {
        try await Fixture.run { fixture in
            let other = fixture.queue + "-other"
            try await fixture.administrator.declare(QueueDeclaration(other))
            let publisher = try await fixture.publisher()
            let consumer = try await fixture.consumer(queues: [fixture.queue, other])
            _ = try await publisher.publish(fixture.message("old"))
            let old = try await consumer.next(atMost: 1)
            try await fixture.administrator.delete(queue: fixture.queue)
            try await eventually(within: .seconds(10), "the broker cancelled the consumer") { await !consumer.isConnected }
            _ = try await publisher.publish(fixture.message("meanwhile", to: other))
            let meanwhile = try await consumer.next(atMost: 1)
            #expect(meanwhile.map(\.text) == ["meanwhile"])
            await consumer.acknowledge(old.map(\.tag) + meanwhile.map(\.tag))
            try await fixture.administrator.declare(QueueDeclaration(fixture.queue))
            try await eventually(within: .seconds(10), "the subscription is back") { await consumer.isConnected }
            _ = try await publisher.publish(fixture.message("new"))
            #expect(try await consumer.next(atMost: 1).map(\.text) == ["new"])
            await consumer.shutdown()
            await publisher.shutdown()
            try await fixture.administrator.delete(queue: other)
        }
    }
}
