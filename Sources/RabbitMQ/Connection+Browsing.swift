import CRabbitMQ
import Glibc

/// What a browser does with its connection; everything here blocks.
extension Connection {
    /// `basic.get`s under way together: one round trip for all, instead of one for each.
    static let getsAtOnce = 64

    /// How long a browser that closes waits for its messages to be back in the queue.
    private static let returning = Duration.seconds(2)

    /// - Returns: how many messages are ready in the queue.
    func openBrowser(of queue: String, timeout: Duration) throws(RabbitMQError) -> Int {
        var timeout = timeval(timeout)
        amqp_set_rpc_timeout(state, &timeout)
        return try openChannel(toReadyIn: queue)
    }

    /// The closing of the channel is a round trip behind all acknowledgements. A quorum queue learns of it in its own time, and the
    /// next browser shall find the messages: so they are waited for, as long as nobody else takes some meanwhile.
    func closeBrowser(of queue: String, holding count: Int) throws(RabbitMQError) {
        let others = try ready(in: queue)
        try send(shim_basic_nack, on: QueueBrowser.channel, amqp_basic_nack_t(delivery_tag: 0, multiple: 1, requeue: 1), size: 24)
        let reply = amqp_channel_close(state, QueueBrowser.channel, AMQP_REPLY_SUCCESS)
        try Self.check(reply, attempted: "closing a browser", endpoint: endpoint)
        if count > 0 {
            let deadline = ContinuousClock.now + Self.returning
            var found = try openChannel(toReadyIn: queue)
            while found < others + count, .now < deadline {
                usleep(5000)
                found = try ready(in: queue)
            }
        }
        // Everything is said; how the connection ends makes no difference.
        _ = amqp_connection_close(state, AMQP_REPLY_SUCCESS)
    }

    private func openChannel(toReadyIn queue: String) throws(RabbitMQError) -> Int {
        amqp_channel_open(state, QueueBrowser.channel)
        try checkLast(QueueBrowser.attempt(queue))
        return try ready(in: queue)
    }

    private func ready(in queue: String) throws(RabbitMQError) -> Int {
        defer { arena.recycle() }
        let reply = amqp_queue_declare(state, QueueBrowser.channel, arena.bytes(queue), 1, 0, 0, 0, amqp_empty_table)
        try checkLast(QueueBrowser.attempt(queue))
        return Int(reply?.pointee.message_count ?? 0)
    }

    /// Asks for `count` messages at once.
    /// - Returns: fewer when the queue has no more.
    func get(
        _ count: Int, from queue: String, maxBytes: Int, until deadline: ContinuousClock.Instant
    ) throws(RabbitMQError) -> [Delivery] {
        defer { arena.recycle() }
        var get = amqp_basic_get_t()
        get.queue = arena.bytes(queue)
        for _ in 0..<count { try send(shim_basic_get, on: QueueBrowser.channel, get) }
        var answers = GetAnswers(queue: queue, maxBytes: maxBytes)
        while answers.count < count {
            var frame = amqp_frame_t()
            var wait = timeval(max(deadline - .now, .zero))
            let status = amqp_simple_wait_frame_noblock(state, &frame, &wait)
            if status == AMQP_STATUS_TIMEOUT.rawValue {
                throw RabbitMQError(
                    .timedOut, attempted: QueueBrowser.attempt(queue), endpoint: endpoint,
                    cause: "\(answers.count) of \(count) answers in time")
            }
            guard status == AMQP_STATUS_OK.rawValue else { throw lost(status) }
            try answers.handle(frame, endpoint: endpoint)
            amqp_maybe_release_buffers_on_channel(state, frame.channel)
        }
        return answers.deliveries
    }
}

/// Puts the answers to `basic.get` together.
private struct GetAnswers {
    let queue: String
    let maxBytes: Int
    /// Messages, and words that there is none.
    private(set) var count = 0
    private(set) var deliveries: [Delivery] = []
    private var incoming = IncomingContent<GotMessage>()

    private struct GotMessage {
        let number: UInt64
        let exchange: String
        let routingKey: String
        let isRedelivered: Bool
    }

    init(queue: String, maxBytes: Int) {
        self.queue = queue
        self.maxBytes = maxBytes
    }

    mutating func handle(_ frame: amqp_frame_t, endpoint: String) throws(RabbitMQError) {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: try handleMethod(frame, endpoint)
        case AMQP_FRAME_HEADER: if incoming.header(frame, limit: maxBytes) { deliver() }
        case AMQP_FRAME_BODY: if incoming.body(frame) { deliver() }
        default: break
        }
    }

    private mutating func handleMethod(_ frame: amqp_frame_t, _ endpoint: String) throws(RabbitMQError) {
        switch frame.method {
        case shim_basic_get_ok:
            guard let method = frame.fields(amqp_basic_get_ok_t.self) else { return }
            incoming.begin(
                GotMessage(
                    number: method.delivery_tag, exchange: String(method.exchange), routingKey: String(method.routing_key),
                    isRedelivered: method.redelivered != 0))
        case shim_basic_get_empty: count += 1
        case shim_channel_close, shim_connection_close:
            // Both have the same fields.
            guard let close = frame.fields(amqp_channel_close_t.self) else { return }
            throw .closed(
                code: Int(close.reply_code), text: String(close.reply_text), attempted: QueueBrowser.attempt(queue), endpoint: endpoint)
        default: break
        }
    }

    private mutating func deliver() {
        guard let (method, content) = incoming.take() else { return }
        count += 1
        deliveries.append(
            Delivery(
                queue: queue, exchange: method.exchange, routingKey: method.routingKey, body: content.body,
                properties: content.properties, isRedelivered: method.isRedelivered,
                tag: DeliveryTag(index: 0, generation: 0, number: method.number), bodySize: content.size))
    }
}
