import EventThread
import Foundation
import Logging
import RabbitMQ
import Retry
import TestServers

/// Everything that a test against a broker needs: a thread, its own queue name and an administrator. At the end, everything that it
/// created is shut down and deleted.
final class Fixture: Sendable {
    let thread = EventThread(name: "rabbitmq-test")
    let configuration: RabbitMQConfiguration
    let administrator: Administrator
    let queue = "test-\(UUID().uuidString)"
    let logger: Logger

    init(url: String) throws {
        var configuration = try RabbitMQConfiguration(url: url)
        configuration.connectionName = "test"
        configuration.reconnectBackoff = Backoff(base: .milliseconds(20), cap: .milliseconds(500))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        self.configuration = configuration
        self.logger = logger
        administrator = Administrator(configuration, logger: logger)
    }

    /// - Parameter arguments: the queue's arguments; `nil` declares no queue.
    static func run(
        url: String? = nil, arguments: [String: AMQPValue]? = [:], isolation: isolated (any Actor)? = #isolation,
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let fixture = try Fixture(url: url ?? SharedServers.rabbitMQURL)
        if let arguments { try await fixture.administrator.declare(QueueDeclaration(fixture.queue, arguments: arguments)) }
        do {
            try await body(fixture)
        } catch {
            try await fixture.end()
            throw error
        }
        try await fixture.end()
    }

    private func end() async throws {
        try await administrator.delete(queue: queue)
        await administrator.shutdown()
        thread.stop()
    }

    func publisher(
        port: UInt16? = nil, _ change: (inout RabbitMQConfiguration) -> Void = { _ in }
    ) async throws -> Publisher {
        let publisher = Publisher(configured(port, change), on: thread, logger: logger)
        try await publisher.connect()
        return publisher
    }

    func consumer(
        port: UInt16? = nil, queues: [String]? = nil, prefetch: UInt16 = 100, _ change: (inout RabbitMQConfiguration) -> Void = { _ in }
    ) async throws -> Consumer {
        let subscriptions = (queues ?? [queue]).map { Subscription(queue: $0, prefetch: prefetch) }
        let consumer = Consumer(configured(port, change), subscriptions: subscriptions, on: thread, logger: logger)
        try await consumer.connect()
        return consumer
    }

    private func configured(_ port: UInt16?, _ change: (inout RabbitMQConfiguration) -> Void) -> RabbitMQConfiguration {
        var configuration = configuration
        if let port { configuration.endpoints = [.init(host: "127.0.0.1", port: port)] }
        change(&configuration)
        return configuration
    }

    func message(_ text: String, to queue: String? = nil) -> OutgoingMessage {
        OutgoingMessage(routingKey: queue ?? self.queue, body: Array(text.utf8), properties: MessageProperties(messageID: text))
    }

    func messages(_ range: Range<Int>) -> [OutgoingMessage] { range.map { message("\($0)") } }
}

extension Consumer {
    /// Collects until there are `count` deliveries.
    func collect(_ count: Int) async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        while deliveries.count < count { deliveries += try await next(atMost: count - deliveries.count) }
        return deliveries
    }
}

extension Delivery {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Runs `body` and fails if it takes longer than `deadline`: no test may hang.
func within<Value: Sendable>(
    _ deadline: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: deadline)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw TooLate(what: what, deadline: deadline) }
        return value
    }
}

extension Task where Failure == any Error {
    /// The task's value; a task that takes too long is cancelled.
    func value(within deadline: Duration, _ what: String) async throws -> Success {
        try await RabbitMQTests.within(deadline, what) {
            try await withTaskCancellationHandler {
                try await value
            } onCancel: {
                cancel()
            }
        }
    }
}

struct TooLate: Error, CustomStringConvertible {
    var what: String
    var deadline: Duration
    var description: String { "not within \(deadline): \(what)" }
}
