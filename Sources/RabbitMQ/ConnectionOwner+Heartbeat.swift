import EventThread

/// Heartbeats (AMQP 0-9-1, section 4.2.7; rabbitmq.com/docs/heartbeats): one is sent when nothing else was for half the negotiated
/// time, and a peer from which nothing came for twice that time is dead.
extension ConnectionOwner {
    func beatLater(_ connection: Connection) {
        guard connection.heartbeat > .zero else { return }
        session.heartbeatTimer = thread.schedule(after: connection.heartbeat / 2) { [weak self] in
            self?.assumeIsolated { $0.beat() }
        }
    }

    private func beat() {
        guard let connection = session.connection else { return }
        let now = ContinuousClock.now
        // Readable: this thread is late, not the peer.
        if now - connection.lastReceived >= connection.heartbeat * 2, !connection.isReadable {
            return lose(.lost("no sign of life for \(connection.heartbeat * 2)", endpoint: connection.endpoint))
        }
        // A socket that takes nothing has data of ours on the way, which is as good as a heartbeat.
        if now - connection.lastSent >= connection.heartbeat / 2, connection.isWritable {
            do throws(RabbitMQError) { try connection.sendHeartbeat() } catch { return lose(error) }
            connection.lastSent = now
        }
        beatLater(connection)
    }
}
