import CRabbitMQ
import EventThread

extension Consumer {
    /// Stops taking deliveries: `next` returns nothing from now on, deliveries that were not pulled are requeued, and pulled ones
    /// can still be acknowledged. Waits for the broker's reply, for `timeout` at most.
    public func stopIntake(timeout: Duration = .seconds(5)) async {
        guard !isIntakeStopped else { return }
        isIntakeStopped = true
        dismissWaiters()
        guard let connection = session.connection else { return }
        for channel in channels where channel.phase == .consuming || channel.phase == .opening {
            channel.phase = .cancelling
            for delivery in channel.deliveries { _ = channel.ledger.reject(delivery.tag.number, requeue: true) }
            channel.deliveries.removeAll()
            control(connection) { () throws(RabbitMQError) in
                defer { connection.arena.recycle() }
                var cancel = amqp_basic_cancel_t()
                cancel.consumer_tag = connection.arena.bytes(channel.consumerTag)
                try connection.send(shim_basic_cancel, on: channel.number, cancel)
            }
        }
        flushLater()
        guard channels.contains(where: { $0.phase == .cancelling }) else { return }
        let timer = thread.schedule(after: timeout) { [weak self] in
            self?.assumeIsolated { $0.resumeIntakeStopped(inAnyCase: true) }
        }
        await withCheckedContinuation { continuation in
            intakeStopped.append(continuation)
            // A caller on another executor may have been suspended before this closure ran.
            resumeIntakeStopped()
        }
        thread.cancel(timer)
    }

    func resumeIntakeStopped(inAnyCase: Bool = false) {
        guard inAnyCase || !channels.contains(where: { $0.phase == .cancelling }) else { return }
        for waiter in intakeStopped { waiter.resume() }
        intakeStopped = []
    }

    /// Stops the intake, sends pending acknowledgements, and closes the connection, all within about `timeout`. Deliveries that are
    /// unacknowledged by then are requeued.
    public func shutdown(timeout: Duration = .seconds(5)) async {
        guard !session.isOver else { return }
        let deadline = ContinuousClock.now + timeout
        beginClosing()
        await stopIntake(timeout: timeout / 2)
        dismissWaiters()
        if session.connection != nil, channels.contains(where: { $0.ledger.hasUnsent || !$0.unsent.isEmpty }) {
            let timer = thread.schedule(after: timeout / 2) { [weak self] in self?.assumeIsolated { $0.resumeFlushed() } }
            await withCheckedContinuation { continuation in
                flushed = continuation
                flushLater()
            }
            thread.cancel(timer)
        }
        await close(until: max(deadline, .now + .milliseconds(200)))
    }
}
