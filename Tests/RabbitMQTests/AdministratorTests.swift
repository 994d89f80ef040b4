import RabbitMQ
import TestServers
import Testing

@Suite("Administration", .needsServers, .timeLimit(.minutes(2)))
struct AdministratorTests {
    @Test("declaring an existing queue differently fails with the queue, the argument and both values")
    func preconditionFailed() async throws {
        try await Fixture.run(arguments: ["x-max-length": 20]) { fixture in
            let other = QueueDeclaration(fixture.queue, arguments: ["x-max-length": 10])
            let error = await #expect(throws: RabbitMQError.self) { try await fixture.administrator.declare(other) }
            guard case .preconditionFailed(let failure)? = error?.kind else {
                Issue.record("not a failed precondition: \(String(describing: error))")
                return
            }
            #expect(failure.object == "queue")
            #expect(failure.name == fixture.queue)
            #expect(failure.argument == "x-max-length")
            #expect(failure.received == "10")
            #expect(failure.current == "20")
            #expect(error?.isRetriable == false)
            // The next call works despite the closed channel, and repeating the same declaration is no error.
            try await fixture.administrator.declare(QueueDeclaration(fixture.queue, arguments: ["x-max-length": 20]))
        }
    }

    @Test("queues are counted, purged and deleted")
    func queues() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher()
            _ = try await publisher.publish(all: fixture.messages(0..<7))
            #expect(try await fixture.administrator.depth(fixture.queue) == QueueDepth(messages: 7, consumers: 0))
            #expect(try await fixture.administrator.purge(fixture.queue) == 7)
            #expect(try await fixture.administrator.depth(fixture.queue).messages == 0)
            try await fixture.administrator.delete(queue: fixture.queue)
            let error = await #expect(throws: RabbitMQError.self) { try await fixture.administrator.depth(fixture.queue) }
            #expect(error?.kind == .notFound)
            #expect(error?.attempted.contains(fixture.queue) == true)
            try await fixture.administrator.delete(queue: fixture.queue)
            await publisher.shutdown()
        }
    }

    @Test("an exchange routes to its bound queues until they are unbound")
    func exchange() async throws {
        try await Fixture.run { fixture in
            let administrator = fixture.administrator
            let exchange = fixture.queue + "-events"
            try await administrator.declare(ExchangeDeclaration(exchange, type: .topic))
            try await administrator.bind(queue: fixture.queue, to: exchange, routingKey: "job.*.done")
            let publisher = try await fixture.publisher()
            let message = OutgoingMessage(exchange: exchange, routingKey: "job.7.done", body: [1])
            #expect(try await publisher.publish(message) == .confirmed)
            try await administrator.unbind(queue: fixture.queue, from: exchange, routingKey: "job.*.done")
            #expect(try await publisher.publish(message) == .returned(code: 312, text: "NO_ROUTE"))
            try await administrator.delete(exchange: exchange)
            await publisher.shutdown()
        }
    }

    @Test("the broker reports its version")
    func version() async throws {
        try await Fixture.run(arguments: nil) { fixture in
            let version = try await fixture.administrator.serverVersion()
            #expect(version.split(separator: ".").first.flatMap { Int($0) } ?? 0 >= 3)
            #expect(try await fixture.administrator.serverProperties()["product"] == "RabbitMQ")
        }
    }

    @Test("many concurrent calls all get replies")
    func concurrent() async throws {
        try await Fixture.run { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let depth = try await fixture.administrator.depth(fixture.queue)
                        #expect(depth.messages == 0)
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
