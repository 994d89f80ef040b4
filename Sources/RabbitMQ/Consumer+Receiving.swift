import CRabbitMQ

extension Consumer {
    func handle(_ frame: amqp_frame_t) {
        guard frame.channel <= channels.count else { return }
        let channel = channels[Int(frame.channel) - 1]
        // Until close-ok, frames of a closed channel may still arrive.
        guard channel.phase != .closed else { return }
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: handleMethod(frame, channel)
        case AMQP_FRAME_HEADER:
            if channel.incoming.header(frame, limit: session.configuration.maxDeliveryBytes) { deliver(channel) }
        case AMQP_FRAME_BODY: if channel.incoming.body(frame) { deliver(channel) }
        default: break
        }
    }

    private func handleMethod(_ frame: amqp_frame_t, _ channel: ConsumerChannel) {
        switch frame.method {
        case shim_basic_deliver:
            // Before consume-ok, it can only belong to the previous channel with this number.
            guard channel.phase != .opening, let method = frame.fields(amqp_basic_deliver_t.self) else { return }
            channel.lastExchange = .reusing(channel.lastExchange, method.exchange)
            channel.lastRoutingKey = .reusing(channel.lastRoutingKey, method.routing_key)
            channel.incoming.begin(
                DeliveredMessage(
                    number: method.delivery_tag, exchange: channel.lastExchange, routingKey: channel.lastRoutingKey,
                    isRedelivered: method.redelivered != 0))
        case shim_basic_consume_ok: subscribed(channel)
        case shim_basic_cancel: cancelled(channel)
        case shim_basic_cancel_ok:
            channel.phase = .cancelled
            resumeIntakeStopped()
        case shim_channel_close: closed(channel, frame)
        default: break
        }
    }

    private func deliver(_ channel: ConsumerChannel) {
        guard let (method, content) = channel.incoming.take() else { return }
        channel.ledger.delivered(method.number)
        if isIntakeStopped {
            // It arrived between `basic.cancel` and its reply: requeue it for another consumer.
            _ = channel.ledger.reject(method.number, requeue: true)
            return flushLater()
        }
        channel.deliveries.append(
            Delivery(
                queue: channel.subscription.queue, exchange: method.exchange, routingKey: method.routingKey, body: content.body,
                properties: content.properties, isRedelivered: method.isRedelivered,
                tag: DeliveryTag(index: channel.index, generation: channel.generation, number: method.number),
                bodySize: content.size))
    }

    func received() { serveWaiters() }
}
