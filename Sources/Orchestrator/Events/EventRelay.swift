import EventThread
import JobStore
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Publishes the events of the outboxes to `longhaul.events`, with confirms and in their order, and removes them afterwards. What no queue is
/// bound for is only removed.
///
/// The orchestrators share the outboxes as they share the partitions. An event that was published by a process that died before it removed
/// it, or by two that both thought it was theirs, comes twice: with the same id, and without changing the order of the first ones.
actor EventRelay {
    private let store: JobStore
    private let publisher: Publisher
    private let sources: @Sendable () async -> [OutboxSource]
    private let metrics = EventMetrics()
    private var unwanted = UnwantedTopics()
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private let rounds = Rounds()
    private var lastFound = ContinuousClock.now
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Entries of one outbox at a time.
    private static let batch = 100
    /// A round costs Redis two commands for each outbox, however many events it finds.
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

    func stop() { rounds.stop() }

    /// Runs until `stop`. What is not published then, another orchestrator publishes, or the next one.
    func run() async {
        await rounds.run {
            let found = try await relay()
            if found != .none { lastFound = .now }
            if found == .more { return .zero }
            return .now - lastFound < Self.idle ? Self.pause : Self.longPause
        } onFailure: { error in
            repeated.warning(key: "events", "events wait in the outbox: \(error)")
        }
    }

    /// What a round has found: nothing, all that there was, or as much as it takes at a time.
    private enum Found { case none, some, more }

    /// Publishes a batch of each outbox.
    private func relay() async throws -> Found {
        let found = try await store.events(of: sources(), atMost: Self.batch)
        guard !found.isEmpty else { return .none }
        var outgoing: [(source: OutboxSource, line: OutboxLine, topic: String)] = []
        var messages: [OutgoingMessage] = []
        for (source, (lines, _)) in found {
            for line in lines {
                let topic = line.topic
                guard !unwanted.contains(topic), let event = OutboxEvent(line) else { continue }
                outgoing.append((source, line, topic))
                messages.append(event.message(from: source))
            }
        }
        let read = found.values.reduce(0) { $0 + $1.lines.count }
        let outcomes = try await publisher.publish(all: messages)
        var published = found.mapValues(\.last), confirmed = 0, refused = 0
        // Back to front, so that the first refused event of a source is the last that is seen here.
        for (sent, outcome) in zip(outgoing, outcomes).reversed() {
            switch outcome {
            case .confirmed: confirmed += 1
            case .returned: unwanted.insert(sent.topic)
            case .nacked:
                refused += 1
                published[sent.source] = found[sent.source]?.lines.prefix { $0.entry != sent.line.entry }.last?.entry
            }
        }
        metrics.published.increment(by: confirmed)
        metrics.unwanted.increment(by: read - confirmed - refused)
        try await store.forgetEvents(of: published)
        if refused > 0 { throw RefusedEvents() }
        return found.values.contains { Set($0.lines.map(\.entry)).count == Self.batch } ? .more : .some
    }

    private struct RefusedEvents: Error, CustomStringConvertible {
        let description = "a queue that is bound to longhaul.events is full and refuses them"
    }
}
