import CRabbitMQ
import EventThread

extension ConnectionOwner {
    /// Stops reconnecting and fails callers that wait for the connection.
    func beginClosing() {
        if let timer = session.retryTimer { thread.cancel(timer) }
        session.retryTimer = nil
        session.phase = .closing
    }

    /// Closes the connection in order: sends the close, waits for the broker's reply until the deadline, and releases the
    /// connection.
    func close(until deadline: ContinuousClock.Instant) async {
        let session = session
        if let connection = session.connection {
            var close = amqp_connection_close_t()
            close.reply_code = UInt16(AMQP_REPLY_SUCCESS)
            control(connection) { () throws(RabbitMQError) in try connection.send(shim_connection_close, on: 0, close) }
        }
        if let connection = session.connection {
            let error = RabbitMQError.lost("the broker did not confirm the close in time", endpoint: connection.endpoint)
            let timer = thread.schedule(after: deadline - .now) { [weak self] in self?.assumeIsolated { $0.lose(error) } }
            await withCheckedContinuation { continuation in
                // A caller on another executor may have been suspended before this closure ran.
                if session.connection == nil { continuation.resume() } else { session.closed = continuation }
            }
            thread.cancel(timer)
        }
        session.phase = .closed
    }
}
