import EventThread
import ExportCore
import Foundation
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Takes job messages in: read, check, store, acknowledge. A message is acknowledged as soon as its job stands in the store with a
/// timer; what nobody can handle goes to the dead letters with the reason.
actor JobIntake {
    private let consumer: Consumer
    private let publisher: Publisher
    private let store: JobStore
    private let providers: ProviderDirectory
    private let starter: Starter
    private let watchdog: Duration
    private let metrics: OrchestratorMetrics
    private let logger: Logger
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The windows make high come before normal before low when all are full, and none waits for another to be empty.
    static let subscriptions = [
        Subscription(queue: QueueNames.jobs(.high), prefetch: 128), Subscription(queue: QueueNames.jobs(.normal), prefetch: 64),
        Subscription(queue: QueueNames.jobs(.low), prefetch: 32),
    ]
    private static let shares = [QueueNames.jobs(.high): 128, QueueNames.jobs(.normal): 64, QueueNames.jobs(.low): 32]

    init(
        consumer: Consumer, publisher: Publisher, store: JobStore, providers: ProviderDirectory, starter: Starter,
        watchdog: Duration, metrics: OrchestratorMetrics, logger: Logger, on thread: EventThread
    ) {
        self.consumer = consumer
        self.publisher = publisher
        self.store = store
        self.providers = providers
        self.starter = starter
        self.watchdog = watchdog
        self.metrics = metrics
        self.logger = logger
        repeated = RateLimitedLog(logger)
        self.thread = thread
    }

    /// For `run` to end when the consumer has, also while the store cannot be reached: the messages in hand stay in their queues.
    func stop() { isStopping = true }

    /// Ends when the consumer has been shut down.
    func run() async throws {
        while true {
            progress.rest()
            let deliveries = try await consumer.next(atMost: Self.shares)
            progress.beat()
            if deliveries.isEmpty { return }
            let (accepted, dead) = sort(deliveries)
            if !accepted.isEmpty { try await insist("admitting jobs") { try await self.admit(accepted) } }
            for letter in dead { try await insist("dead-lettering") { try await self.bury(letter) } }
        }
    }

    /// Tries until it succeeds: the messages stay unacknowledged meanwhile, which also stops the intake at the prefetch window. To
    /// reject them instead would count as a delivery each time, and the delivery limit would bury good jobs while Redis is down.
    private func insist(_ attempted: String, _ body: () async throws -> Void) async throws {
        let done: Void? = await retry(until: { isStopping }) {
            progress.beat()
            try await body()
        } onFailure: { error in
            if error is CancellationError { return false }
            logger.warning("\(attempted) has to wait: \(error)")
            return true
        }
        guard done != nil else { throw CancellationError() }
    }

    private struct Accepted {
        var job: NewJob
        var tag: DeliveryTag
    }

    private func sort(_ deliveries: [Delivery]) -> ([Accepted], [DeadLetter]) {
        var accepted: [Accepted] = []
        var dead: [DeadLetter] = []
        for delivery in deliveries {
            do throws(JobMessageError) {
                accepted.append(Accepted(job: try newJob(from: delivery), tag: delivery.tag))
            } catch {
                dead.append(DeadLetter(delivery, error))
            }
        }
        return (accepted, dead)
    }

    private func admit(_ accepted: [Accepted]) async throws {
        let jobs = accepted.map(\.job)
        let admissions = try await store.admit(jobs, watchdog: watchdog)
        await consumer.acknowledge(accepted.map(\.tag))
        report(jobs, admissions)
        await starter.signal(Set(jobs.map(\.provider)))
    }

    private func newJob(from delivery: Delivery) throws(JobMessageError) -> NewJob {
        guard !delivery.isTruncated else {
            throw JobMessageError(
                code: "too-large", message: "the message has \(delivery.bodySize) bytes; the most is \(JobMessage.largestBody)")
        }
        let message = try JobMessage(body: delivery.body)
        guard providers[message.provider] != nil else {
            throw JobMessageError(
                code: "unknown-provider",
                message: "provider \(message.provider.prefix(64)) is unknown; known are \(providers.names.joined(separator: ", "))")
        }
        let id = message.id ?? delivery.properties.messageID.flatMap(JobID.init) ?? JobID(UUID().uuidString.lowercased())
        guard let id else { throw JobMessageError(code: "bad-field", message: "exportJobId must be \(JobID.rule)") }
        return NewJob(
            id: id, provider: message.provider, parameters: message.parameters,
            priority: message.priority ?? QueueNames.priority(of: delivery.queue) ?? .normal, tenant: message.tenant,
            correlationID: message.correlationID ?? Self.printable(delivery.properties.correlationID) ?? id.text,
            webhook: message.webhook, traceparent: Self.traceparent(of: delivery))
    }

    /// A correlation id of the AMQP properties, if it is fit for a line.
    private static func printable(_ text: String?) -> String? {
        guard let text, (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return text
    }

    private static func traceparent(of delivery: Delivery) -> String? {
        guard case .string(let text)? = delivery.properties.headers["traceparent"] else { return nil }
        return printable(text)
    }

    /// Confirmed in the dead-letter queue first, then acknowledged: never lost, at worst doubled. A letter that cannot be published in
    /// this form goes there by the broker, without our headers.
    private func bury(_ letter: DeadLetter) async throws {
        let outcome: PublishOutcome?
        do {
            outcome = try await publisher.publish(letter.outgoing(to: QueueNames.deadJobs))
        } catch {
            guard !error.isRetriable, error.kind != .shutDown, error.kind != .cancelled else { throw error }
            outcome = nil
        }
        switch outcome {
        // Of a huge body we hold only the beginning; the broker moves the whole one.
        case .confirmed where letter.delivery.isTruncated: await consumer.reject([letter.delivery.tag], requeue: false)
        case .confirmed: await consumer.acknowledge([letter.delivery.tag])
        case .nacked?, .returned?: throw DeadLetterRefused(outcome: outcome)
        case nil: await consumer.reject([letter.delivery.tag], requeue: false)
        }
        metrics.deadLetters.increment()
        repeated.warning(
            key: letter.error.code, "job message dead-lettered: \(letter.error.message)",
            metadata: ["reason": "\(letter.error.code)", "queue": "\(letter.delivery.queue)"])
    }

    private func report(_ jobs: [NewJob], _ admissions: [Admission]) {
        for (job, admission) in zip(jobs, admissions) {
            let isNew = admission == .admitted
            (isNew ? metrics.admitted : metrics.known).increment()
            if isNew { metrics.countTransition(to: .pending) }
            logger.info(
                isNew ? "job admitted" : "job is known already",
                metadata: [
                    "jobId": "\(job.id)", "correlationId": "\(job.correlationID)", "provider": "\(job.provider)", "status": "PENDING",
                ])
        }
    }
}

/// The dead-letter queue did not take a message: it is missing, or full.
struct DeadLetterRefused: Error, CustomStringConvertible {
    let outcome: PublishOutcome?
    var description: String {
        "\(QueueNames.deadJobs) did not take a dead letter (\(outcome.map { "\($0)" } ?? "no answer")); `longhaul setup` declares it"
    }
}
