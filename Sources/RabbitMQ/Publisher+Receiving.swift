import CRabbitMQ
import EventThread

/// The fields of a `basic.return`, which precedes the message's content.
struct ReturnedMessage {
    var outcome: PublishOutcome
    var exchange: String
    var routingKey: String
}

extension Publisher {
    func connectionOpened() { openChannel() }

    func connectionLost(_ error: RabbitMQError) {
        isChannelOpen = false
        requeueUnconfirmed()
        guard session.isOver else { return }
        drained?.resume()
        drained = nil
    }

    private func openChannel() {
        guard let connection = session.connection, !session.isOver else { return }
        lastOpening += 1
        awaitedOpening = lastOpening
        expectOpen("opening the publishing channel") { [opening = lastOpening] in $0.awaitedOpening != opening }
        control(connection) { () throws(RabbitMQError) in
            try connection.send(shim_channel_open, on: channel, amqp_channel_open_t())
            try connection.send(shim_confirm_select, on: channel, amqp_confirm_select_t())
        }
    }

    func handle(_ frame: amqp_frame_t) {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: handleMethod(frame)
        case AMQP_FRAME_HEADER: if returning.header(frame, limit: session.configuration.maxMessageBytes) { finishReturn() }
        case AMQP_FRAME_BODY: if returning.body(frame) { finishReturn() }
        default: break
        }
    }

    private func handleMethod(_ frame: amqp_frame_t) {
        switch frame.method {
        case shim_basic_ack:
            guard let ack = frame.fields(amqp_basic_ack_t.self) else { return }
            settle(ack.delivery_tag, multiple: ack.multiple != 0, as: .confirmed)
        case shim_basic_nack:
            guard let nack = frame.fields(amqp_basic_nack_t.self) else { return }
            settle(nack.delivery_tag, multiple: nack.multiple != 0, as: .nacked)
        case shim_basic_return:
            guard let method = frame.fields(amqp_basic_return_t.self) else { return }
            returning.begin(
                ReturnedMessage(
                    outcome: .returned(code: Int(method.reply_code), text: String(method.reply_text)),
                    exchange: String(method.exchange), routingKey: String(method.routing_key)))
        case shim_confirm_select_ok:
            isChannelOpen = true
            awaitedOpening = nil
            channelAttempt = 0
            session.becomeReady(.success(()))
            flushLater()
        case shim_channel_close: channelClosed(frame)
        default: break
        }
    }

    private func settle(_ sequence: UInt64, multiple: Bool, as outcome: PublishOutcome) {
        window.settle(sequence, multiple: multiple, as: outcome) { item, outcome in
            tally.count(outcome)
            if item.batch.settle(item.index, outcome) { finish(item.batch, .success(())) }
        }
    }

    private func finishReturn() {
        guard let (method, content) = returning.take() else { return }
        window.markReturned(as: method.outcome) { item in
            let message = item.message
            return message.isMandatory && message.routingKey == method.routingKey && message.exchange == method.exchange
                && message.properties.messageID == content.properties.messageID && message.body == content.body
        }
    }

    func received() {
        tally.publish(to: metrics)
        if !backlog.isEmpty || sending != nil { flushLater() }
    }

    /// The broker closed the channel, usually because of a message that it cannot accept: an unknown exchange, or a body over its
    /// limit. That message would close every channel, so it must not be sent again.
    private func channelClosed(_ frame: amqp_frame_t) {
        guard let close = frame.fields(amqp_channel_close_t.self), let connection = session.connection else { return }
        let error = RabbitMQError.closed(
            code: Int(close.reply_code), text: String(close.reply_text), attempted: "publishing", endpoint: connection.endpoint)
        session.logger.warning("RabbitMQ closed the publishing channel", metadata: ["error": "\(error)"])
        isChannelOpen = false
        awaitedOpening = nil
        refuse(error)
        requeueUnconfirmed()
        control(connection) { () throws(RabbitMQError) in
            try connection.send(shim_channel_close_ok, on: channel, amqp_channel_close_ok_t())
        }
        session.becomeReady(.failure(error))
        let delay = session.configuration.reconnectBackoff.delay(attempt: channelAttempt)
        channelAttempt += 1
        thread.schedule(after: delay) { [weak self, opened = session.opened] in
            self?.assumeIsolated { if $0.session.opened == opened { $0.openChannel() } }
        }
    }

    /// Fails the callers whose messages use the exchange that the broker's text names; if it names none, fails all unconfirmed
    /// messages.
    private func refuse(_ error: RabbitMQError) {
        let unconfirmed = window.removeAll()
        let blamed = unconfirmed.filter { !$0.message.exchange.isEmpty && error.cause.contains("'\($0.message.exchange)'") }
        for item in blamed.isEmpty ? unconfirmed : blamed where !item.batch.isFinished { finish(item.batch, .failure(error)) }
        requeue(unconfirmed)
    }

    private func requeueUnconfirmed() {
        sending = nil
        returning = IncomingContent()
        requeue(window.removeAll())
    }

    private func requeue(_ items: [PublishBatch.Item]) {
        for item in items.reversed() where !item.batch.isFinished {
            backlog.prepend(item)
            backlogWeight += item.weight
        }
    }
}
