import CRabbitMQ
import EventThread

extension Consumer {
    func connectionOpened() {
        if channels.isEmpty { session.becomeReady(.success(())) }
        for channel in channels { open(channel) }
    }

    func connectionLost(_ error: RabbitMQError) {
        for channel in channels { channel.reset(to: .closed) }
        resumeIntakeStopped()
        resumeFlushed()
    }

    /// Sends the requests that open the channel and subscribe, without waiting for the replies in between. The broker handles them
    /// in order and closes the channel at the first one that it refuses.
    private func open(_ channel: ConsumerChannel) {
        guard let connection = session.connection, !isIntakeStopped, !session.isOver else { return }
        lastGeneration += 1
        channel.reset(to: .opening)
        channel.generation = lastGeneration
        control(connection) { () throws(RabbitMQError) in
            defer { connection.arena.recycle() }
            try connection.send(shim_channel_open, on: channel.number, amqp_channel_open_t())
            var qos = amqp_basic_qos_t()
            qos.prefetch_count = channel.subscription.prefetch
            try connection.send(shim_basic_qos, on: channel.number, qos)
            var consume = amqp_basic_consume_t()
            consume.queue = connection.arena.bytes(channel.subscription.queue)
            consume.consumer_tag = connection.arena.bytes(channel.consumerTag)
            try connection.send(shim_basic_consume, on: channel.number, consume)
        }
        expectOpen("consuming from '\(channel.subscription.queue)'") { [index = Int(channel.index), generation = lastGeneration] in
            $0.channels[index].generation != generation || $0.channels[index].phase != .opening
        }
    }

    func subscribed(_ channel: ConsumerChannel) {
        // Otherwise the channel is already being cancelled.
        guard channel.phase == .opening else { return }
        channel.phase = .consuming
        channel.attempt = 0
        if isConnected { session.becomeReady(.success(())) }
    }

    /// The broker closed the channel: the queue does not exist, or a delivery stayed unacknowledged for too long
    /// (`consumer_timeout`).
    func closed(_ channel: ConsumerChannel, _ frame: amqp_frame_t) {
        guard let close = frame.fields(amqp_channel_close_t.self), let connection = session.connection else { return }
        let error = RabbitMQError.closed(
            code: Int(close.reply_code), text: String(close.reply_text), attempted: "consuming from '\(channel.subscription.queue)'",
            endpoint: connection.endpoint)
        control(connection) { () throws(RabbitMQError) in
            try connection.send(shim_channel_close_ok, on: channel.number, amqp_channel_close_ok_t())
        }
        subscribeLater(channel, error)
    }

    /// The broker cancelled the consumer: its queue was deleted, or its node is down (rabbitmq.com/docs/consumer-cancel).
    func cancelled(_ channel: ConsumerChannel) {
        guard let connection = session.connection, channel.phase == .consuming || channel.phase == .opening else { return }
        let error = session.error(.notFound, "consuming from '\(channel.subscription.queue)'", "the broker cancelled the consumer")
        // Closing the channel requeues its unacknowledged deliveries; `channel.close-ok` needs no reply.
        control(connection) { () throws(RabbitMQError) in
            var close = amqp_channel_close_t()
            close.reply_code = UInt16(AMQP_REPLY_SUCCESS)
            try connection.send(shim_channel_close, on: channel.number, close)
        }
        subscribeLater(channel, error)
    }

    private func subscribeLater(_ channel: ConsumerChannel, _ error: RabbitMQError) {
        channel.reset(to: .closed)
        session.logger.warning("lost a subscription", metadata: ["error": "\(error)"])
        session.becomeReady(.failure(error))
        resumeIntakeStopped()
        let delay = session.configuration.reconnectBackoff.delay(attempt: channel.attempt)
        channel.attempt += 1
        thread.schedule(after: delay) { [weak self, index = Int(channel.index), opened = session.opened] in
            self?.assumeIsolated { consumer in
                let channel = consumer.channels[index]
                if consumer.session.opened == opened, channel.phase == .closed { consumer.open(channel) }
            }
        }
    }
}
