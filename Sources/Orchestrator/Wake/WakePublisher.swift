import ExportCore
import JobMessages
import JobStore
import RabbitMQ
import Telemetry

/// Publishes the wakes of claimed timers to `longhaul.checks`.
struct WakePublisher: Sendable {
    let publisher: Publisher
    let store: JobStore
    let clock: DueClock
    let backlog: ChecksBacklog
    /// How long the claims last.
    let lease: Duration
    let metrics: OrchestratorMetrics
    let repeated: RateLimitedLog

    /// Without a broker a claim would only delay its job by a lease.
    var isReady: Bool {
        get async {
            guard await publisher.isConnected else { return false }
            return await !publisher.isBlocked
        }
    }

    /// Publishes the wakes of several claims together. Jobs whose wakes the queue refuses, because it is full, are postponed.
    /// - Parameter bodies: messages as `claim.lua` makes them.
    func publish(_ bodies: [[UInt8]]) async {
        guard !bodies.isEmpty else { return }
        let messages = Wake.gather(bodies)
        var refused: [ClaimedJob] = []
        do {
            let outcomes = try await publisher.publish(all: messages.map { message($0.body) })
            await backlog.published(messages.count)
            for (message, outcome) in zip(messages, outcomes) {
                if outcome == .confirmed {
                    metrics.wakesPublished.increment(by: message.wakes)
                } else {
                    refused += Wake.decode(message.body).jobs
                }
            }
        } catch {
            repeated.warning(key: "wakes", "wakes were not published and are postponed: \(error)")
            refused = messages.flatMap { Wake.decode($0.body).jobs }
        }
        guard !refused.isEmpty else { return }
        metrics.wakesRefused.increment(by: refused.count)
        await postpone(refused)
    }

    private func postpone(_ jobs: [ClaimedJob]) async {
        let delay = Duration.seconds(1) + .seconds(.random(in: 0..<1))
        for (partition, members) in Dictionary(grouping: jobs, by: { $0.id.partition(of: store.partitions) }) {
            do {
                try await store.postpone(members.map { ($0.id, $0.version) }, by: delay)
                await clock.timerSet(on: partition, after: delay)
            } catch {
                repeated.warning(key: "refused", "\(members.count) jobs were not postponed; their leases bring them back: \(error)")
            }
        }
    }

    /// Transient, and useless after the lease that covers it.
    private func message(_ body: [UInt8]) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = "text/tab-separated-values"
        properties.isPersistent = false
        properties.expiration = lease
        return OutgoingMessage(routingKey: QueueNames.checks, body: body, properties: properties)
    }
}
