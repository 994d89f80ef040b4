import EventThread
import ExportCore
import JobStore

// What is known here and what the others know, brought together through the store.
extension ProviderGate {
    /// The store's clock, as far as it can be known here.
    var now: Int64 {
        guard let read else { return 0 }
        return read.now + Int64((ContinuousClock.now - read.at) / .milliseconds(1))
    }

    func exchange(within delay: Duration) {
        let due = ContinuousClock.now + delay
        if let next = nextExchange {
            guard due < next.due else { return }
            thread.cancel(next.timer)
        }
        let timer = thread.schedule(after: delay) { [weak self] in self?.assumeIsolated { $0.beginExchange() } }
        nextExchange = (timer, due)
    }

    private func beginExchange() {
        nextExchange = nil
        Task(executorPreference: thread) { await self.update { _, _ in } }
    }

    /// One for all who ask meanwhile.
    func readAgain() async {
        if let reading { return await reading.value }
        let task = Task(executorPreference: thread) { _ = await self.update { _, _ in } }
        reading = task
        await task.value
        reading = nil
    }

    /// Reads the shared health, adds what was collected here and what `change` does, and stores it; again when somebody else was faster.
    /// - Returns: what `change` returned; `nil` when the store could not be reached, or others were always faster.
    @discardableResult
    func update<Value: Sendable>(_ change: @Sendable (inout ProviderHealth, Int64) -> Value) async -> Value? {
        let (tally, pauses) = (self.tally, self.pauses)
        (self.tally, self.pauses) = (RequestTally(), [:])
        var mayBeStored = false
        do {
            for _ in 0..<20 {
                lastExchange += 1
                let exchange = lastExchange
                let stored = try await store.health(of: provider)
                var next = stored.health
                if tally.requests > 0 { next.breaker.record(tally, policy: definition.breaker, now: stored.now) }
                for (kind, time) in pauses { next.pause(kind, for: time, now: stored.now) }
                let value = change(&next, stored.now)
                if next != stored.health {
                    mayBeStored = true
                    guard try await store.setHealth(next, of: provider, read: stored.version) else {
                        mayBeStored = false
                        continue
                    }
                }
                adopt(next, exchange, from: stored)
                return value
            }
            keep(tally, pauses)
        } catch {
            // What may have been stored is not counted twice.
            keep(mayBeStored ? RequestTally() : tally, pauses)
            repeated.warning(
                key: "health", "what is known of the provider's health could not be shared: \(error)", metadata: ["provider": "\(provider)"]
            )
        }
        return nil
    }

    private func keep(_ tally: RequestTally, _ pauses: [RequestKind: Duration]) {
        self.tally += tally
        for (kind, time) in pauses { self.pauses[kind] = max(self.pauses[kind] ?? .zero, time) }
    }

    /// A later exchange of this process may have come to its end first. Whatever the store says otherwise counts: it may have been emptied.
    private func adopt(_ next: ProviderHealth, _ exchange: Int, from stored: StoredHealth) {
        guard exchange > adopted else { return }
        adopted = exchange
        let isFirst = read == nil
        let before = health.breaker.state
        health = next
        read = (stored.now, .now)
        if next.breaker.state != before || isFirst {
            watcher.changed(provider, next.breaker, isOurs: next.breaker.state != stored.health.breaker.state)
        }
    }
}
