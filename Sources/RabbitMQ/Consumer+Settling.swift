import CRabbitMQ

extension Consumer {
    /// Acknowledges deliveries, which removes them from their queues. Acknowledgements are sent at the end of the thread's turn and
    /// combined where possible. Tags of an older channel and tags already settled are ignored.
    public func acknowledge(_ tags: [DeliveryTag]) {
        settle(tags, count: metrics.acknowledged.increment(by:)) { $0.acknowledge($1) }
    }

    /// Rejects deliveries: the broker delivers them again (`requeue`, counted against the queue's delivery limit), or dead-letters
    /// or drops them by the queue's policy.
    public func reject(_ tags: [DeliveryTag], requeue: Bool) {
        settle(tags, count: metrics.rejected.increment(by:)) { $0.reject($1, requeue: requeue) }
    }

    private func settle(_ tags: [DeliveryTag], count: (Int) -> Void, _ settle: (inout AcknowledgementLedger, UInt64) -> Bool) {
        var settled = 0
        for tag in tags {
            guard tag.index < channels.count else { continue }
            let channel = channels[Int(tag.index)]
            if channel.generation == tag.generation, channel.phase != .closed, settle(&channel.ledger, tag.number) { settled += 1 }
        }
        if settled > 0 {
            count(settled)
            flushLater()
        }
        if settled < tags.count { metrics.stale.increment(by: tags.count - settled) }
    }

    func flush() {
        guard let connection = session.connection else { return }
        for channel in channels where channel.ledger.hasUnsent { channel.settle() }
        let unsent = channels.reduce(0) { $0 + $1.unsent.count }
        guard unsent > 0 else { return resumeFlushed() }
        var position = 0
        writing(connection, isSingle: unsent == 1) { () throws(RabbitMQError) in
            while position < channels.count, channels[position].unsent.isEmpty { position += 1 }
            guard position < channels.count, let settlement = channels[position].unsent.popFirst() else { return false }
            try send(settlement, on: channels[position].number, connection)
            return true
        }
        if channels.allSatisfy(\.unsent.isEmpty) { resumeFlushed() }
    }

    private func send(_ settlement: Settlement, on channel: amqp_channel_t, _ connection: AMQPConnection) throws(RabbitMQError) {
        switch settlement {
        case .acknowledge(let number, let multiple):
            try connection.send(
                shim_basic_ack, on: channel, amqp_basic_ack_t(delivery_tag: number, multiple: multiple ? 1 : 0), size: 24)
        case .reject(let number, let requeue):
            try connection.send(
                shim_basic_nack, on: channel, amqp_basic_nack_t(delivery_tag: number, multiple: 0, requeue: requeue ? 1 : 0), size: 24)
        }
    }

    func resumeFlushed() {
        flushed?.resume()
        flushed = nil
    }
}
