import CRabbitMQ
import Glibc

/// Browser operations. All of them block.
extension AMQPConnection {
    /// How long a closing browser waits for its messages to return to the queue.
    private static let returning = Duration.seconds(5)

    /// - Returns: the number of ready messages in the queue.
    func openBrowser(of queue: String, timeout: Duration) throws(RabbitMQError) -> Int {
        var timeout = timeval(timeout)
        amqp_set_rpc_timeout(state, &timeout)
        return try openChannel(toReadyIn: queue)
    }

    /// Closing the channel is a round trip that follows all acknowledgements. A quorum queue requeues asynchronously, and the next
    /// browser must find the messages. This method therefore waits for them, unless another consumer takes some in the meantime.
    func closeBrowser(of queue: String, holding count: Int) throws(RabbitMQError) {
        let others = try ready(in: queue)
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
        // All acknowledgements are processed; the result of closing the connection does not matter.
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

    /// The next messages that are ready now, at most `limit`. A consumer whose prefetch equals their number delivers them. With
    /// `basic.get`, a quorum queue takes 4 ms for each message once it has delivered some tens of thousands (RabbitMQ 3.10).
    func browse(_ queue: String, atMost limit: Int, maxBytes: Int, until deadline: ContinuousClock.Instant) throws(RabbitMQError)
        -> [Delivery]
    {
        let count = min(try ready(in: queue), limit, Int(UInt16.max))
        guard count > 0 else { return [] }
        amqp_basic_qos(state, QueueBrowser.channel, 0, UInt16(count), 0)
        try checkLast(QueueBrowser.attempt(queue))
        let reply = amqp_basic_consume(
            state, QueueBrowser.channel, arena.bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table)
        try checkLast(QueueBrowser.attempt(queue))
        // The reply's memory is valid until the next call.
        let tag = reply.map { String($0.pointee.consumer_tag) } ?? ""
        var browsed = BrowsedMessages(queue: queue, maxBytes: maxBytes)
        while browsed.deliveries.count < count {
            if try receive(into: &browsed, until: min(deadline, .now + Self.pause)) { continue }
            // Other consumers may have taken some between the count and the subscription.
            if try ready(in: queue) == 0 { break }
            guard .now < deadline else {
                throw RabbitMQError(
                    .timedOut, attempted: QueueBrowser.attempt(queue), endpoint: endpoint,
                    cause: "\(browsed.deliveries.count) of \(count) messages arrived in time")
            }
        }
        // Deliveries until the reply also belong to this consumer.
        amqp_basic_cancel(state, QueueBrowser.channel, arena.bytes(tag))
        try checkLast(QueueBrowser.attempt(queue))
        while try receive(into: &browsed, until: .now) {}
        arena.recycle()
        return browsed.deliveries
    }

    /// How long to wait without a delivery before counting the ready messages again.
    private static let pause = Duration.milliseconds(200)

    /// - Returns: whether a frame arrived.
    private func receive(into browsed: inout BrowsedMessages, until deadline: ContinuousClock.Instant) throws(RabbitMQError) -> Bool {
        var frame = amqp_frame_t()
        var wait = timeval(max(deadline - .now, .zero))
        let status = amqp_simple_wait_frame_noblock(state, &frame, &wait)
        if status == AMQP_STATUS_TIMEOUT.rawValue { return false }
        guard status == AMQP_STATUS_OK.rawValue else { throw lost(status) }
        try browsed.handle(frame, endpoint: endpoint)
        amqp_maybe_release_buffers_on_channel(state, frame.channel)
        return true
    }
}
