import CRabbitMQ
import EventThread

/// Reads the messages of a queue in order over its own connection, and removes only those that are acknowledged.
///
/// Messages that were read are hidden from other consumers until `close`, or until the connection ends in another way (the process
/// dies). The broker then requeues those that were not acknowledged. A classic queue restores their position. A quorum queue puts
/// them in front of the others, but in a different order if there are more than 32, and without an `x-delivery-limit` RabbitMQ 4
/// puts them at the end. On a quorum queue each read counts against that limit. If a machine disappears without closing its
/// sockets, its messages are requeued after the broker's `consumer_timeout` (30 minutes by default); the same limit closes a
/// browser that holds messages for longer.
///
/// Each call blocks a dedicated thread for a round trip, within `RabbitMQConfiguration.callTimeout`. Only one call may run at a
/// time.
public actor QueueBrowser {
    public nonisolated let queue: String
    /// The number of ready messages when the browser was opened.
    public nonisolated let depth: Int
    private let configuration: RabbitMQConfiguration
    /// `nil` during a call, and after the connection has ended.
    private var idle: ConnectionTransfer?
    private var isOver = false
    /// Read but not acknowledged.
    private var held: Set<UInt64> = []

    static let channel: amqp_channel_t = 1

    private init(_ configuration: RabbitMQConfiguration, queue: String, depth: Int, connection: ConnectionTransfer) {
        self.configuration = configuration
        self.queue = queue
        self.depth = depth
        idle = connection
    }

    /// - Throws: `notFound` if the queue does not exist; otherwise the reason why no connection was made.
    public static func open(_ configuration: RabbitMQConfiguration, queue: String) async throws(RabbitMQError) -> QueueBrowser {
        var configuration = configuration
        // Nothing reads an idle connection, so nothing would respond to its heartbeats.
        configuration.heartbeat = .zero
        let (depth, connection) = try await block(queue) { [configuration] () throws(RabbitMQError) in
            let transfer = try AMQPConnection.open(configuration, name: "\(configuration.connectionName) browser")
            return (try transfer.connection.openBrowser(of: queue, timeout: configuration.callTimeout), transfer)
        }
        return QueueBrowser(configuration, queue: queue, depth: depth, connection: connection)
    }

    /// The next messages in queue order, at most 65,535; empty if the queue has no more ready messages.
    /// - Throws: `connectionLost`, `timedOut`, or the reason why the broker closed the channel. The browser has then ended, and its
    ///   messages are requeued.
    public func next(atMost limit: Int) async throws(RabbitMQError) -> [Delivery] {
        let (queue, configuration) = (queue, configuration)
        let got = try await call { connection throws(RabbitMQError) in
            try connection.browse(queue, atMost: limit, maxBytes: configuration.maxDeliveryBytes, until: .now + configuration.callTimeout)
        }
        held.formUnion(got.map(\.tag.number))
        return got
    }

    /// Removes messages from the queue. The broker does not reply to this; a successful `close` shows that it was processed.
    public func acknowledge(_ tags: [DeliveryTag]) async throws(RabbitMQError) {
        // Acknowledging twice makes the broker close the channel.
        let tags = tags.filter { held.contains($0.number) }
        guard !tags.isEmpty else { return }
        try await call { connection throws(RabbitMQError) in
            for tag in tags {
                try connection.send(shim_basic_ack, on: Self.channel, amqp_basic_ack_t(delivery_tag: tag.number, multiple: 0), size: 24)
            }
        }
        held.subtract(tags.map(\.number))
    }

    /// Requeues everything that was not acknowledged, waits until it is back in the queue, and ends the browser. Calling it again
    /// has no effect.
    /// - Throws: if the broker does not confirm. Acknowledgements may then be lost, and their messages be in the queue again.
    public func close() async throws(RabbitMQError) {
        guard !isOver else { return }
        let (queue, count) = (queue, held.count)
        try await call { connection throws(RabbitMQError) in try connection.closeBrowser(of: queue, holding: count) }
        isOver = true
        idle = nil
    }

    private func call<Value: Sendable>(
        _ body: @escaping @Sendable (AMQPConnection) throws(RabbitMQError) -> Value
    ) async throws(RabbitMQError) -> Value {
        guard let transfer = idle else {
            let cause = isOver ? "the browser is closed, or its connection was lost" : "another call is running"
            throw RabbitMQError(.shutDown, attempted: Self.attempt(queue), cause: cause)
        }
        idle = nil
        do {
            let value = try await Self.block(queue) { () throws(RabbitMQError) in try body(transfer.connection) }
            idle = transfer
            return value
        } catch {
            isOver = true
            throw error
        }
    }

    static func attempt(_ queue: String) -> String { "browsing queue '\(queue)'" }

    private static func block<Value: Sendable>(
        _ queue: String, _ body: @escaping @Sendable () throws(RabbitMQError) -> Value
    ) async throws(RabbitMQError) -> Value {
        let result: Result<Value, RabbitMQError>
        do {
            result = try await Pthread.run("rabbitmq-browse") { Result { () throws(RabbitMQError) in try body() } }
        } catch {
            throw RabbitMQError(.unreachable, attempted: attempt(queue), cause: "\(error)")
        }
        return try result.get()
    }
}
