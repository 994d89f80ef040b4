import CRabbitMQ
import EventThread

extension ConnectionOwner {
    /// No reconnecting any more; whoever waits for the connection learns that it is over.
    func beginClosing() {
        if let timer = session.retryTimer { thread.cancel(timer) }
        session.retryTimer = nil
        session.phase = .closing
    }

    /// Says goodbye to the broker, waits for its answer until the deadline, and lets the connection go.
    func close(until deadline: ContinuousClock.Instant) async {
        let session = session
        if let connection = session.connection {
            var close = amqp_connection_close_t()
            close.reply_code = UInt16(AMQP_REPLY_SUCCESS)
            control(connection) { () throws(RabbitMQError) in try connection.send(shim_connection_close, on: 0, close) }
        }
        if let connection = session.connection {
            let error = RabbitMQError.lost("the broker did not answer the close in time", endpoint: connection.endpoint)
            let timer = thread.schedule(after: deadline - .now) { [weak self] in self?.assumeIsolated { $0.lose(error) } }
            await withCheckedContinuation { continuation in
                // A caller without this executor may have been suspended on its way here.
                if session.connection == nil { continuation.resume() } else { session.closed = continuation }
            }
            thread.cancel(timer)
        }
        session.phase = .closed
    }
}
