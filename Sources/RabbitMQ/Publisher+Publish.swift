import EventThread

extension Publisher {
    /// Publishes one message and waits for its confirm. See `publish(all:timeout:)`.
    public func publish(_ message: OutgoingMessage, timeout: Duration? = nil) async throws(RabbitMQError) -> PublishOutcome {
        try await publish(all: [message], timeout: timeout)[0]
    }

    /// Publishes a batch and waits until the broker has confirmed, rejected or returned every message: one suspension and few
    /// system calls for many messages.
    ///
    /// - Parameter timeout: defaults to the configuration's `publishTimeout`.
    /// - Returns: the outcomes, in the order of the messages.
    /// - Throws: `timedOut` if a message had no confirm in time, `overloaded`, `invalidMessage`, `cancelled`, `shutDown`, or the
    ///   reason why the broker closed the channel (`notFound`: the exchange does not exist). Some messages of the batch may still
    ///   have been published.
    public func publish(all messages: [OutgoingMessage], timeout: Duration? = nil) async throws(RabbitMQError) -> [PublishOutcome] {
        if messages.isEmpty { return [] }
        let attempted = messages.count == 1 ? "publishing a message" : "publishing \(messages.count) messages"
        try admit(messages, attempted)
        lastBatch += 1
        let id = lastBatch
        let deadline = ContinuousClock.now + (timeout ?? session.configuration.publishTimeout)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let batch = PublishBatch(id: id, messages: messages, deadline: deadline, continuation: continuation)
                if Task.isCancelled { return batch.fail(session.error(.cancelled, attempted, "the task was cancelled")) }
                enqueue(batch)
            }
        } onCancel: {
            Task { await self.cancel(id, attempted) }
        }
        return try result.get()
    }

    private func admit(_ messages: [OutgoingMessage], _ attempted: String) throws(RabbitMQError) {
        guard session.isEstablished, !session.isOver else {
            throw session.error(.shutDown, attempted, "the publisher \(session.isOver ? "is shut down" : "was never connected")")
        }
        var weight = 0
        for message in messages {
            if let problem = message.problem(maxBytes: session.configuration.maxMessageBytes) {
                throw session.error(.invalidMessage, attempted, problem)
            }
            weight += message.weight
        }
        let configuration = session.configuration
        guard
            backlog.count + messages.count <= configuration.publishBacklog, backlogWeight + weight <= configuration.publishBacklogBytes
        else {
            throw session.error(.overloaded, attempted, "\(backlog.count) messages are already waiting")
        }
    }

    private func enqueue(_ batch: PublishBatch) {
        batches[batch.id] = batch
        for index in batch.messages.indices {
            backlog.append(PublishBatch.Item(batch: batch, index: index))
            backlogWeight += batch.messages[index].weight
        }
        if nextDeadline.map({ batch.deadline < $0 }) ?? true { watch(batch.deadline) }
        flushLater()
    }

    private func cancel(_ id: UInt64, _ attempted: String) {
        guard let batch = batches[id] else { return }
        finish(batch, .failure(session.error(.cancelled, attempted, "the task was cancelled")))
    }

    /// Resumes a caller with its result. The outcomes of the batch's unconfirmed messages are then ignored.
    func finish(_ batch: PublishBatch, _ result: Result<Void, RabbitMQError>) {
        if case .failure(let error) = result { batch.fail(error) }
        batches[batch.id] = nil
        guard batches.isEmpty else { return }
        drained?.resume()
        drained = nil
    }

    /// One timer serves all batches. It keeps running when a batch is settled, and its resolution is a tenth of a second.
    private func watch(_ deadline: ContinuousClock.Instant) {
        if let timer = deadlineTimer { thread.cancel(timer) }
        nextDeadline = deadline
        deadlineTimer = thread.schedule(after: max(deadline - .now, .milliseconds(100))) { [weak self] in
            self?.assumeIsolated { $0.checkDeadlines() }
        }
    }

    private func checkDeadlines() {
        deadlineTimer = nil
        nextDeadline = nil
        let now = ContinuousClock.now
        for batch in Array(batches.values) where batch.deadline <= now {
            let cause = session.isBlocked ? "the broker is blocked by an alarm" : isChannelOpen ? "no confirm in time" : "not connected"
            let attempted = "publishing \(batch.messages.count) messages, of which \(batch.messages.count - batch.unsettled) were confirmed"
            finish(batch, .failure(session.error(.timedOut, attempted, cause)))
        }
        dropFinished()
        if let next = batches.values.lazy.map(\.deadline).min() { watch(next) }
    }

    /// Drops queued messages whose caller no longer waits.
    private func dropFinished() {
        backlog.removeAll { $0.batch.isFinished }
        backlogWeight = backlog.reduce(0) { $0 + $1.weight }
    }
}
