import CRabbitMQ
import EventThread

extension ConnectionOwner {
    /// Called by epoll.
    func ready(_ readiness: Readiness) {
        if readiness.contains(.write), session.awaitsWritability, let connection = session.connection {
            session.awaitsWritability = false
            thread.update(connection.descriptor, for: .read)
            flush()
        }
        if readiness != .write { receive() }
    }

    /// Handles everything that has arrived: in the socket, in librabbitmq's buffer, and in OpenSSL's.
    func receive() {
        guard let connection = session.connection else { return }
        connection.lastReceived = .now
        // The limit gives the thread's other drivers their turn.
        let drained = connection.drain(limit: 8192) { frame in
            if frame.channel == 0 { handleConnection(frame, connection) } else { handle(frame) }
            return session.connection === connection
        }
        switch drained {
        case .everything: break
        case .failed(let error): lose(error)
        case .part where session.connection === connection:
            thread.schedule(after: .zero) { [weak self] in self?.assumeIsolated { $0.receive() } }
        case .part: break
        }
        received()
    }

    /// Channel 0: the connection itself (AMQP 0-9-1, class connection; RabbitMQ's extension `connection.blocked`).
    private func handleConnection(_ frame: amqp_frame_t, _ connection: AMQPConnection) {
        guard frame.isMethod else { return }
        switch frame.method {
        case shim_connection_close:
            guard let close = frame.fields(amqp_connection_close_t.self) else { return }
            let error = RabbitMQError.closed(
                code: Int(close.reply_code), text: String(close.reply_text), attempted: "keeping the connection",
                endpoint: connection.endpoint)
            control(connection) { () throws(RabbitMQError) in
                try connection.send(shim_connection_close_ok, on: 0, amqp_connection_close_ok_t())
            }
            lose(error)
        case shim_connection_close_ok: lose(.lost("closed on request", endpoint: connection.endpoint))
        case shim_connection_blocked:
            session.isBlocked = true
            let reason = frame.fields(amqp_connection_blocked_t.self).map { String($0.reason) } ?? ""
            session.logger.warning("RabbitMQ blocked publishing", metadata: ["reason": "\(reason)"])
        case shim_connection_unblocked:
            session.isBlocked = false
            session.logger.info("RabbitMQ unblocked publishing")
            flushLater()
        default: break
        }
    }
}
