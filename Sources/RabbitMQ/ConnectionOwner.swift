import CRabbitMQ
import EventThread

/// An actor on an event thread that maintains one AMQP connection: the common part of publisher and consumer.
///
/// The extensions connect and reconnect, send heartbeats, receive, and close. The actor opens its channels, handles their frames
/// and sends.
protocol ConnectionOwner: Actor {
    nonisolated var thread: EventThread { get }
    var session: Session { get }

    /// A connection is open: send what opens the channels, call `expectOpen` for each, and `session.becomeReady` when they are
    /// open.
    func connectionOpened()
    /// The connection is lost, and the state of its channels with it.
    func connectionLost(_ error: RabbitMQError)
    /// Handles a frame of a channel other than 0.
    func handle(_ frame: amqp_frame_t)
    /// Every frame that had arrived was handled.
    func received()
    /// Sends pending frames for as long as the socket is writable (`writing`).
    func flush()
}

extension ConnectionOwner {
    /// Makes the first connection, with one attempt at each host, then opens the channels.
    func establish() async throws(RabbitMQError) {
        let session = session
        guard session.phase == .idle else {
            throw session.error(.shutDown, "connecting to RabbitMQ", session.isOver ? "it is shut down" : "it is already connected")
        }
        session.phase = .connecting
        do {
            try await open()
            let result = await withCheckedContinuation { continuation in
                session.ready = continuation
                connectionOpened()
                receive()
            }
            try result.get()
        } catch {
            drop(error)
            if !session.isOver { session.phase = .idle }
            throw error
        }
        session.isEstablished = true
        // The connection was lost before the caller's continuation ran.
        if session.connection == nil, !session.isOver { reconnectLater() }
    }

    /// Connects on a thread that may block, and takes over the connection.
    private func open() async throws(RabbitMQError) {
        let configuration = session.configuration
        let name = "\(configuration.connectionName) \(session.role)"
        let transfer: Result<ConnectionTransfer, RabbitMQError>
        do {
            transfer = try await Pthread.run("rabbitmq-login") {
                Result { () throws(RabbitMQError) in try AMQPConnection.open(configuration, name: name) }
            }
        } catch {
            transfer = .failure(session.error(.unreachable, "connecting to RabbitMQ", "\(error)"))
        }
        let connection = try transfer.get().connection
        guard session.phase == .connecting else {
            throw session.error(.shutDown, "connecting to RabbitMQ", "it is shut down")
        }
        session.connection = connection
        session.phase = .open
        session.openedAt = .now
        session.opened += 1
        session.isBlocked = false
        session.awaitsWritability = false
        thread.watch(connection.descriptor, for: .read) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(readiness) }
        }
        beatLater(connection)
        session.logger.info("connected to RabbitMQ", metadata: ["endpoint": "\(connection.endpoint)"])
    }

    func reconnect() async {
        let session = session
        guard session.phase == .waiting else { return }
        session.phase = .connecting
        do {
            try await open()
            session.reconnects.increment()
            connectionOpened()
            receive()
        } catch {
            guard !session.isOver else { return }
            session.logger.warning("cannot reconnect to RabbitMQ", metadata: ["error": "\(error)"])
            reconnectLater()
        }
    }

    /// Drops the connection if the broker keeps sending heartbeats but never replies on a channel.
    /// - Parameter isOpen: whether this opening of the channel is over: it is open, or it failed.
    func expectOpen(_ what: String, _ isOpen: @escaping @Sendable (isolated Self) -> Bool) {
        let opened = session.opened
        thread.schedule(after: session.configuration.callTimeout) { [weak self] in
            self?.assumeIsolated { owner in
                let session = owner.session
                guard session.opened == opened, let connection = session.connection, session.phase == .open, !isOpen(owner) else { return }
                // A broker blocked by an alarm does not read, and says so; if the socket is readable, this thread is late. A caller
                // that waits in `connect` gets the error.
                if session.isEstablished, session.isBlocked || connection.isReadable { return owner.expectOpen(what, isOpen) }
                owner.lose(session.error(.timedOut, what, "no reply in time"))
            }
        }
    }

    /// Drops the connection and opens a new one after a delay.
    func lose(_ error: RabbitMQError) {
        let session = session
        guard session.connection != nil else { return }
        if !session.isOver { session.logger.warning("lost the connection to RabbitMQ", metadata: ["error": "\(error)"]) }
        // The backoff restarts only after a connection that lasted, not after one that fails as soon as it is open.
        if ContinuousClock.now - session.openedAt > session.configuration.reconnectBackoff.cap { session.attempt = 0 }
        drop(error)
        if session.isEstablished, session.phase == .open { reconnectLater() }
    }

    private func drop(_ error: RabbitMQError) {
        let session = session
        guard let connection = session.connection else { return }
        thread.unwatch(connection.descriptor)
        if let timer = session.heartbeatTimer { thread.cancel(timer) }
        session.heartbeatTimer = nil
        session.connection = nil
        session.isBlocked = false
        connectionLost(error)
        session.becomeReady(.failure(error))
        session.closed?.resume()
        session.closed = nil
    }

    private func reconnectLater() {
        let session = session
        session.phase = .waiting
        let delay = session.configuration.reconnectBackoff.delay(attempt: session.attempt)
        session.attempt += 1
        session.retryTimer = thread.schedule(after: delay) { [weak self] in
            Task { [weak self] in await self?.reconnect() }
        }
    }
}
