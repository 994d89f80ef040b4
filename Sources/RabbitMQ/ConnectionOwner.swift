import CRabbitMQ
import EventThread

/// An actor on an event thread that keeps one AMQP connection: what publisher and consumer have in common.
///
/// The extensions connect and reconnect, keep heartbeats, receive, and close; the actor opens its channels, handles their frames
/// and sends.
protocol ConnectionOwner: Actor {
    nonisolated var thread: EventThread { get }
    var session: Session { get }

    /// A connection is there: send what opens the channels, call `expectOpen` for each, and `session.becomeReady` when they are open.
    func connectionOpened()
    /// The connection is gone, and everything that was true of its channels with it.
    func connectionLost(_ error: RabbitMQError)
    /// A frame of a channel other than 0.
    func handle(_ frame: amqp_frame_t)
    /// Everything that had arrived was handled.
    func received()
    /// Send what waits, for as long as the socket takes it (`writing`).
    func flush()
}

extension ConnectionOwner {
    /// The first connection: one attempt at each host, then the channels.
    func establish() async throws(RabbitMQError) {
        let session = session
        guard session.phase == .idle else {
            throw session.error(.shutDown, "connecting to RabbitMQ", session.isOver ? "it has been shut down" : "it is connected already")
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
        // Lost while the caller's continuation was on its way here.
        if session.connection == nil, !session.isOver { reconnectLater() }
    }

    /// Connects on a thread that may block, and takes the connection over.
    private func open() async throws(RabbitMQError) {
        let configuration = session.configuration
        let name = "\(configuration.connectionName) \(session.role)"
        let handover: Result<ConnectionHandover, RabbitMQError>
        do {
            handover = try await Pthread.run("rabbitmq-login") {
                Result { () throws(RabbitMQError) in try Connection.open(configuration, name: name) }
            }
        } catch {
            handover = .failure(session.error(.unreachable, "connecting to RabbitMQ", "\(error)"))
        }
        let connection = try handover.get().connection
        guard session.phase == .connecting else {
            throw session.error(.shutDown, "connecting to RabbitMQ", "it has been shut down")
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

    /// A broker that keeps up its heartbeats and never answers on a channel is given up, as if it were gone.
    /// - Parameter isOpen: whether the channel of this opening is open, or has ended otherwise.
    func expectOpen(_ what: String, _ isOpen: @escaping @Sendable (isolated Self) -> Bool) {
        let opened = session.opened
        thread.schedule(after: session.configuration.callTimeout) { [weak self] in
            self?.assumeIsolated { owner in
                let session = owner.session
                guard session.opened == opened, let connection = session.connection, session.phase == .open, !isOpen(owner) else { return }
                // Blocked by an alarm, it reads nothing, and says so; readable, this thread is late. Who waits in `connect` gets an answer.
                if session.isEstablished, session.isBlocked || connection.isReadable { return owner.expectOpen(what, isOpen) }
                owner.lose(session.error(.timedOut, what, "no answer in time"))
            }
        }
    }

    /// Gives the connection up; the next one is made after a delay.
    func lose(_ error: RabbitMQError) {
        let session = session
        guard session.connection != nil else { return }
        if !session.isOver { session.logger.warning("lost the connection to RabbitMQ", metadata: ["error": "\(error)"]) }
        // A connection that lasted is no sign of trouble; one that ends as soon as it stands is.
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
