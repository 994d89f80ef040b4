import CRabbitMQ
import EventThread

/// Looks at the messages of a queue one after the other, and takes out only those that are acknowledged, over a connection of its own.
///
/// What was looked at is out of others' sight until `close`, or until the connection ends in any other way (the process dies): then
/// the broker puts back whatever was not acknowledged. A classic queue puts it in its place; a quorum queue puts it in front of the
/// others, but in an order of its own when it is over 32 messages, and without an `x-delivery-limit` RabbitMQ 4 puts it behind them.
/// On a quorum queue each look counts against that limit. A machine that vanishes without closing its sockets gives its
/// messages back after the broker's `consumer_timeout`, 30 minutes unless set otherwise; the same limit closes a browser that holds
/// messages for longer.
///
/// Each call blocks a thread of its own for a round trip, within `RabbitMQConfiguration.callTimeout`; one call at a time.
public actor QueueBrowser {
    public nonisolated let queue: String
    /// How many messages were ready when the browser was opened.
    public nonisolated let depth: Int
    private let configuration: RabbitMQConfiguration
    /// `nil` while a call is under way, and after the connection has ended.
    private var idle: ConnectionHandover?
    private var isOver = false
    /// Looked at and not acknowledged.
    private var held: Set<UInt64> = []

    static let channel: amqp_channel_t = 1

    private init(_ configuration: RabbitMQConfiguration, queue: String, depth: Int, connection: ConnectionHandover) {
        self.configuration = configuration
        self.queue = queue
        self.depth = depth
        idle = connection
    }

    /// - Throws: `notFound` when there is no such queue; what keeps a connection from being made.
    public static func open(_ configuration: RabbitMQConfiguration, queue: String) async throws(RabbitMQError) -> QueueBrowser {
        var configuration = configuration
        // Nobody reads an idle connection, and so nobody would answer its heartbeats.
        configuration.heartbeat = .zero
        let (depth, connection) = try await block(queue) { [configuration] () throws(RabbitMQError) in
            let handover = try Connection.open(configuration, name: "\(configuration.connectionName) browser")
            return (try handover.connection.openBrowser(of: queue, timeout: configuration.callTimeout), handover)
        }
        return QueueBrowser(configuration, queue: queue, depth: depth, connection: connection)
    }

    /// The next messages in the order of the queue, 65,535 at most; none when it holds no more just now.
    /// - Throws: `connectionLost`, `timedOut`, or what the broker closed the channel for. The browser is at its end then, and what it held
    ///   is back in the queue.
    public func next(atMost limit: Int) async throws(RabbitMQError) -> [Delivery] {
        let (queue, configuration) = (queue, configuration)
        let got = try await call { connection throws(RabbitMQError) in
            try connection.browse(queue, atMost: limit, maxBytes: configuration.maxDeliveryBytes, until: .now + configuration.callTimeout)
        }
        held.formUnion(got.map(\.tag.number))
        return got
    }

    /// Takes messages out of the queue. The broker has no answer to this; that `close` succeeds says that it was heard.
    public func acknowledge(_ tags: [DeliveryTag]) async throws(RabbitMQError) {
        // A second acknowledgement would make the broker close the channel.
        let tags = tags.filter { held.contains($0.number) }
        guard !tags.isEmpty else { return }
        try await call { connection throws(RabbitMQError) in
            for tag in tags {
                try connection.send(shim_basic_ack, on: Self.channel, amqp_basic_ack_t(delivery_tag: tag.number, multiple: 0), size: 24)
            }
        }
        held.subtract(tags.map(\.number))
    }

    /// Gives everything that was not acknowledged back to the queue, waits until it is there, and ends. Once more does nothing.
    /// - Throws: when the broker does not confirm; acknowledgements may then be lost, and their messages be in the queue again.
    public func close() async throws(RabbitMQError) {
        guard !isOver else { return }
        let (queue, count) = (queue, held.count)
        try await call { connection throws(RabbitMQError) in try connection.closeBrowser(of: queue, holding: count) }
        isOver = true
        idle = nil
    }

    private func call<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws(RabbitMQError) -> Value
    ) async throws(RabbitMQError) -> Value {
        guard let handover = idle else {
            let cause = isOver ? "the browser is closed, or its connection was lost" : "another call is under way"
            throw RabbitMQError(.shutDown, attempted: Self.attempt(queue), cause: cause)
        }
        idle = nil
        do {
            let value = try await Self.block(queue) { () throws(RabbitMQError) in try body(handover.connection) }
            idle = handover
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
