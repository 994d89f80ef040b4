import CRabbitMQ

/// Assembles the messages that a browser's consumer receives.
struct BrowsedMessages {
    private let queue: String
    private let maxBytes: Int
    private(set) var deliveries: [Delivery] = []
    private var incoming = IncomingContent<DeliveredMessage>()

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
        case shim_basic_deliver:
            guard let method = frame.fields(amqp_basic_deliver_t.self) else { return }
            incoming.begin(
                DeliveredMessage(
                    number: method.delivery_tag, exchange: String(method.exchange), routingKey: String(method.routing_key),
                    isRedelivered: method.redelivered != 0))
        case shim_basic_cancel:
            // The broker cancelled the consumer: the queue was deleted.
            throw RabbitMQError(.notFound, attempted: QueueBrowser.attempt(queue), endpoint: endpoint, cause: "the queue was deleted")
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
        deliveries.append(
            Delivery(
                queue: queue, exchange: method.exchange, routingKey: method.routingKey, body: content.body,
                properties: content.properties, isRedelivered: method.isRedelivered,
                tag: DeliveryTag(index: 0, generation: 0, number: method.number), bodySize: content.size))
    }
}
