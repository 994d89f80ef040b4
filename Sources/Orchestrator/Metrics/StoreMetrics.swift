import ExportCore
import Instruments
import JobMessages
import JobStore
import RabbitMQ
import Telemetry

/// What all processes share: the jobs in the store and the messages in the queues. One of the running orchestrators tells it, the first in
/// their list, so that it is told once.
struct StoreMetrics: Sendable, Instrumented {
    private static let jobs = GaugeInstrument(
        "longhaul_jobs", "provider", "status", help: "Jobs in the store; those that have ended for as long as they are kept.")
    private static let longest = GaugeInstrument(
        "longhaul_longest_in_status_seconds", "status",
        help:
            "How long the job has had its status that has had it for longest. POLLING is missing: see longhaul_oldest_overdue_timer_seconds."
    )
    private static let line = GaugeInstrument(
        "longhaul_download_line_jobs", "priority", help: "Jobs whose files wait for their turn.")
    private static let overdue = GaugeInstrument(
        "longhaul_oldest_overdue_timer_seconds", help: "How overdue the timer is that should have fired first; 0 if none is overdue.")
    private static let messages = GaugeInstrument(
        "longhaul_queue_messages", "queue", help: "Messages that wait in a queue; of dead letters all.")
    private static let consumers = GaugeInstrument("longhaul_queue_consumers", "queue", help: "Consumers of a queue.")
    private static let memory = GaugeInstrument(
        "longhaul_redis_memory_bytes", "kind", help: "Memory that Redis has `used`, and the `max` that it may use; 0: no limit.")
    private static let settings = GaugeInstrument(
        "longhaul_redis_setting_ok", "setting", help: "1 if a setting of Redis that keeps jobs is as it must be.")
    private static let trail = GaugeInstrument(
        "longhaul_trail_waiting", help: "Entries of the trail, ended jobs and lines of histories, that no worker has stored yet.")
    private static let oldestEntry = GaugeInstrument(
        "longhaul_trail_oldest_seconds",
        help: "How old the oldest entry of the trail is that no worker has stored; 0 if none waits. Lines wait for up to a minute.")
    private static let lost = CounterInstrument(
        "longhaul_trail_lines_lost_total", help: "Lines of histories that were lost because the trail was full: no worker took them away.")
    private static let orchestrators = GaugeInstrument("longhaul_orchestrators", help: "Orchestrators that are running.")

    static var instruments: [Instrument] {
        [jobs, longest, line, overdue, messages, consumers, memory, settings, trail, oldestEntry, orchestrators].map(\.instrument) + [
            lost.instrument
        ]
    }

    let store: JobStore
    let administrator: Administrator
    /// The place of this orchestrator among the running ones, and their number.
    /// Their names.
    let providers: @Sendable () -> [String]
    let sources: @Sendable () -> [OutboxSource]
    let place: @Sendable () async -> (place: Int, members: Int)

    /// Each collector fails for itself: a broker that is away must not hide the jobs.
    func collect(in registry: PrometheusRegistry) {
        registry.collect("jobs") { try await whenFirst { try await jobs() } }
        registry.collect("timers") { try await whenFirst { try await timers() } }
        registry.collect("queues") { try await whenFirst { try await queues() } }
        registry.collect("events") { try await whenFirst { try await events() } }
        registry.collect("trail") { try await whenFirst { try await trail() } }
        registry.collect("webhooks") { try await whenFirst { try await webhooks() } }
        registry.collect("redis") { try await whenFirst { try await redis() } }
    }

    private func whenFirst(_ samples: () async throws -> [MetricSample]) async throws -> [MetricSample] {
        await place().place == 0 ? try await samples() : []
    }

    private func jobs() async throws -> [MetricSample] {
        async let line = store.downloadLine(), longest = store.longest()
        let counts = try await store.countsByProvider()
        var samples = Set(counts.keys.map(\.provider)).union(providers()).flatMap { provider in
            // Also those that are 0, so that a series does not vanish.
            JobStatus.allCases.map { status in
                let number = counts[ProviderStatus(provider: provider, status: status), default: 0]
                return Self.jobs.sample(provider, status.rawValue, value: Double(number))
            }
        }
        samples += try await longest.map { Self.longest.sample($0.key.rawValue, value: $0.value / .seconds(1)) }
        samples += try await line.map { Self.line.sample($0.key.rawValue, value: Double($0.value)) }
        samples.append(Self.orchestrators.sample(value: Double(await place().members)))
        return samples
    }

    private func timers() async throws -> [MetricSample] {
        [Self.overdue.sample(value: try await store.oldestOverdue() / .seconds(1))]
    }

    private func events() async throws -> [MetricSample] {
        let outboxes = try await store.outboxes(of: sources())
        return [
            EventMetrics.waiting.sample(value: Double(outboxes.waiting)), EventMetrics.oldest.sample(value: outboxes.oldest / .seconds(1)),
            EventMetrics.dropped.sample(value: Double(outboxes.dropped)),
        ]
    }

    private func trail() async throws -> [MetricSample] {
        let trails = try await store.trails()
        return [
            Self.trail.sample(value: Double(trails.waiting)), Self.oldestEntry.sample(value: trails.oldest / .seconds(1)),
            Self.lost.sample(value: Double(trails.dropped)),
        ]
    }

    private func webhooks() async throws -> [MetricSample] {
        let providers = providers()
        async let found = store.disabledEndpoints(of: providers)
        let backlog = try await store.webhookBacklog()
        var samples = [
            WebhookMetrics.waiting.sample(value: Double(backlog.waiting)),
            WebhookMetrics.oldest.sample(value: backlog.oldest / .seconds(1)),
        ]
        let disabled = try await found
        for provider in providers {
            samples.append(WebhookMetrics.disabled.sample(provider, value: disabled[provider] == nil ? 0 : 1))
            samples.append(WebhookMetrics.skipped.sample(provider, value: Double(disabled[provider]?.skipped ?? 0)))
        }
        return samples
    }

    private func redis() async throws -> [MetricSample] {
        let server = try await store.server()
        let settings = server.settings.map { Self.settings.sample($0.key, value: $0.value ? 1 : 0) }
        return settings + [
            Self.memory.sample("used", value: Double(server.usedBytes)), Self.memory.sample("max", value: Double(server.maxBytes)),
        ]
    }

    private func queues() async throws -> [MetricSample] {
        var samples: [MetricSample] = []
        for queue in QueueNames.all {
            let depth = try await administrator.depth(queue)
            samples.append(Self.messages.sample(queue, value: Double(depth.messages)))
            samples.append(Self.consumers.sample(queue, value: Double(depth.consumers)))
        }
        return samples
    }
}
