/// A caller that waits in `next`.
struct Waiter {
    let id: UInt64
    let demand: Demand
    let continuation: CheckedContinuation<Result<[Delivery], RabbitMQError>, Never>
}

/// How many deliveries a caller takes: from all queues together, or from each of some.
enum Demand {
    case any(Int)
    /// Limits by the position of the subscription.
    case each([Int])
}

extension Consumer {
    /// The next deliveries of any queue, taken in turn. Waits for the first one.
    /// - Returns: 1 to `limit` deliveries; none after `stopIntake` or `shutdown`.
    /// - Throws: `cancelled`; `shutDown` if the consumer was never connected; `invalidConfiguration` if none of the named queues
    ///   has a subscription.
    public func next(atMost limit: Int) async throws(RabbitMQError) -> [Delivery] {
        try await next(.any(max(1, limit)))
    }

    /// The next deliveries with a limit for each queue, so that the caller can weight them: `["high": 8, "normal": 4, "low": 1]` in
    /// a loop starves no queue. Waits for the first delivery of one of these queues.
    public func next(atMost limits: [String: Int]) async throws(RabbitMQError) -> [Delivery] {
        try await next(.each(channels.map { max(0, limits[$0.subscription.queue] ?? 0) }))
    }

    /// The number of deliveries of a queue that wait to be pulled.
    public func ready(in queue: String) -> Int {
        channels.lazy.filter { $0.subscription.queue == queue }.reduce(0) { $0 + $1.deliveries.count }
    }

    private func next(_ demand: Demand) async throws(RabbitMQError) -> [Delivery] {
        if isIntakeStopped || session.isOver { return [] }
        guard session.isEstablished else {
            throw session.error(.shutDown, "waiting for deliveries", "the consumer was never connected")
        }
        if case .each(let limits) = demand, limits.allSatisfy({ $0 == 0 }) {
            throw session.error(.invalidConfiguration, "waiting for deliveries", "none of the named queues has a subscription")
        }
        let deliveries = take(demand)
        if !deliveries.isEmpty { return deliveries }
        lastWaiter += 1
        let id = lastWaiter
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters.append(Waiter(id: id, demand: demand, continuation: continuation))
                if Task.isCancelled { cancel(id) }
                // A caller on another executor may have been suspended before this closure ran.
                if isIntakeStopped || session.isOver { dismissWaiters() } else { serveWaiters() }
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
        return try result.get()
    }

    private var cancellation: RabbitMQError { session.error(.cancelled, "waiting for deliveries", "the task was cancelled") }

    private func cancel(_ id: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(returning: .failure(cancellation))
    }

    func serveWaiters() {
        guard !waiters.isEmpty, channels.contains(where: { !$0.deliveries.isEmpty }) else { return }
        waiters.removeAll { waiter in
            let deliveries = take(waiter.demand)
            if deliveries.isEmpty { return false }
            waiter.continuation.resume(returning: .success(deliveries))
            return true
        }
    }

    /// Returns an empty list to every waiting caller.
    func dismissWaiters() {
        for waiter in waiters { waiter.continuation.resume(returning: .success([])) }
        waiters.removeAll()
    }

    private func take(_ demand: Demand) -> [Delivery] {
        var taken: [Delivery] = []
        let now = MessageWait.now
        switch demand {
        case .any(let limit):
            // An equal share for each queue that has deliveries, then the rest to any that has more.
            for share in [max(1, limit / max(1, channels.count)), limit] {
                for offset in channels.indices {
                    channels[(turn + offset) % channels.count].take(min(share, limit - taken.count), into: &taken, now: now)
                }
            }
            turn = channels.isEmpty ? 0 : (turn + 1) % channels.count
        case .each(let limits):
            for (channel, limit) in zip(channels, limits) { channel.take(limit, into: &taken, now: now) }
        }
        if !taken.isEmpty { metrics.delivered.increment(by: taken.count) }
        return taken
    }
}
