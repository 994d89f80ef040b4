import EventThread

/// Heartbeats (AMQP 0-9-1, section 4.2.7; rabbitmq.com/docs/heartbeats): sends one if nothing was sent for half the negotiated
/// interval, and treats the peer as dead if nothing was received for twice the interval.
extension ConnectionOwner {
    func beatLater(_ connection: AMQPConnection) {
        guard connection.heartbeat > .zero else { return }
        session.heartbeatTimer = thread.schedule(after: connection.heartbeat / 2) { [weak self] in
            self?.assumeIsolated { $0.beat() }
        }
    }

    private func beat() {
        guard let connection = session.connection else { return }
        let now = ContinuousClock.now
        // If the socket is readable, this thread is late, not the peer.
        if now - connection.lastReceived >= connection.heartbeat * 2, !connection.isReadable {
            return lose(.lost("nothing received for \(connection.heartbeat * 2)", endpoint: connection.endpoint))
        }
        // A socket that is not writable has unsent data in its buffer, which serves as a heartbeat.
        if now - connection.lastSent >= connection.heartbeat / 2, connection.isWritable {
            do throws(RabbitMQError) { try connection.sendHeartbeat() } catch { return lose(error) }
            connection.lastSent = now
        }
        beatLater(connection)
    }
}
