import EventThread
import JobStore
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Publishes the events of the outboxes to `longhaul.events`, with confirms and in their order, and removes them afterwards.
///
/// The orchestrators share the outboxes as they share the partitions. An event that was published by a process that died before it removed
/// it, or by two that both thought it was theirs, comes twice: with the same id, and without changing the order of the first ones.
actor EventRelay {
    private let store: JobStore
    private let publisher: Publisher
    private let sources: @Sendable () async -> [OutboxSource]
    private let metrics = EventMetrics()
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private var isStopping = false
    private var lastFound = ContinuousClock.now
    private var sleeper: Task<Void, Never>?
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Of one outbox at a time.
    private static let batch = 100
    private static let pause = Duration.milliseconds(100), longPause = Duration.seconds(1)
    /// After so long without events the pauses are long.
    private static let idle = Duration.seconds(3)

    /// - Parameter sources: the outboxes that are this process's now.
    init(
        store: JobStore, publisher: Publisher, logger: Logger, on thread: EventThread,
        sources: @escaping @Sendable () async -> [OutboxSource]
    ) {
        self.store = store
        self.publisher = publisher
        self.sources = sources
        repeated = RateLimitedLog(logger)
        self.thread = thread
    }

    func stop() {
        isStopping = true
        sleeper?.cancel()
    }

    /// Runs until `stop`. What is not published then, another orchestrator publishes, or the next one.
    func run() async {
        var failures = LoopBackoff()
        while !isStopping, !Task.isCancelled {
            do {
                if try await relay() { lastFound = .now } else { await sleep(.now - lastFound < Self.idle ? Self.pause : Self.longPause) }
                failures.reset()
            } catch {
                repeated.warning(key: "events", "events wait in the outbox: \(error)")
                guard await failures.wait() else { return }
            }
        }
    }

    private func sleep(_ pause: Duration) async {
        // Cancelled by `stop`.
        let sleeper = Task { _ = try? await Task.sleep(for: pause) }
        self.sleeper = sleeper
        await sleeper.value
    }

    /// Publishes a batch of each outbox.
    /// - Returns: whether there were events.
    private func relay() async throws -> Bool {
        let found = try await store.events(of: sources(), atMost: Self.batch)
        guard !found.isEmpty else { return false }
        var messages: [OutgoingMessage] = []
        var parts: [(source: OutboxSource, events: [OutboxEvent], last: String, first: Int)] = []
        for (source, (events, last)) in found {
            parts.append((source, events, last, messages.count))
            messages += events.map { $0.message(from: source) }
        }
        let outcomes = try await publisher.publish(all: messages)
        var published: [OutboxSource: String] = [:]
        for part in parts {
            // No queue may be bound; then nobody wants it.
            let confirmed = part.events.indices.prefix { outcomes[part.first + $0] != .nacked }.count
            metrics.published.increment(by: confirmed)
            if confirmed == part.events.count {
                published[part.source] = part.last
            } else if confirmed > 0 {
                published[part.source] = part.events[confirmed - 1].id
            }
        }
        try await store.forgetEvents(of: published)
        if published.count < parts.count || outcomes.contains(.nacked) {
            throw RefusedEvents()
        }
        return true
    }

    private struct RefusedEvents: Error, CustomStringConvertible {
        let description = "a queue that is bound to longhaul.events is full and refuses them"
    }
}
