import EventThread
import ExportCore
import JobMessages
import JobStore
import Lifecycle
import Logging
import RabbitMQ
import Retry
import Telemetry
import TraceContext

/// Admits job messages: decode → store → acknowledge. A message is acknowledged as soon as its job is in the store with a timer. A message
/// that cannot be handled becomes a dead letter with the reason.
actor JobIntake {
    private let consumer: Consumer
    private let office: DeadLetterOffice
    private let store: JobStore
    private let providers: ProviderDirectory
    private let starter: Starter
    private let watchdog: Duration
    private let signsWebhooks: Bool
    private let reporter: TransitionReporter
    private let metrics: OrchestratorMetrics
    private let logger: Logger
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The windows prefer high to normal to low if all queues are full, and no queue waits until another is empty.
    static let subscriptions = [
        Subscription(queue: QueueNames.jobs(.high), prefetch: 128), Subscription(queue: QueueNames.jobs(.normal), prefetch: 64),
        Subscription(queue: QueueNames.jobs(.low), prefetch: 32),
    ]
    private static let shares = [QueueNames.jobs(.high): 128, QueueNames.jobs(.normal): 64, QueueNames.jobs(.low): 32]

    /// - Parameter signsWebhooks: whether there is a secret for the webhooks of jobs.
    init(
        consumer: Consumer, office: DeadLetterOffice, store: JobStore, providers: ProviderDirectory, starter: Starter,
        reporter: TransitionReporter, watchdog: Duration, signsWebhooks: Bool, metrics: OrchestratorMetrics, logger: Logger,
        on thread: EventThread
    ) {
        self.consumer = consumer
        self.office = office
        self.reporter = reporter
        self.store = store
        self.providers = providers
        self.starter = starter
        self.watchdog = watchdog
        self.signsWebhooks = signsWebhooks
        self.metrics = metrics
        self.logger = logger
        repeated = RateLimitedLog(logger)
        self.thread = thread
    }

    /// Lets `run` end once the consumer has ended, even while the store is unreachable: its messages stay in their queues.
    func stop() { isStopping = true }

    /// Ends when the consumer has been shut down.
    func run() async throws {
        while true {
            progress.rest()
            let deliveries = try await consumer.next(atMost: Self.shares)
            progress.beat()
            if deliveries.isEmpty { return }
            let spans = AdmissionSpans()
            var accepted: [(request: JobRequest, delivery: Delivery)] = []
            var dead: [DeadLetter] = []
            for delivery in deliveries {
                do throws(JobMessageError) {
                    accepted.append((try decode(delivery), delivery))
                } catch {
                    dead.append(DeadLetter(delivery, error))
                    spans?.refused(delivery, error)
                }
            }
            if !accepted.isEmpty { try await insist("admitting jobs") { dead += try await self.admit(accepted, spans) } }
            for letter in dead { try await insist("dead-lettering") { try await self.bury(letter) } }
        }
    }

    /// Tries until it succeeds. The messages stay unacknowledged meanwhile, which also stops the intake at the prefetch window. Rejecting
    /// them would count as a delivery each time, and the delivery limit would dead-letter good jobs while Redis is down.
    private func insist(_ attempted: String, _ body: () async throws -> Void) async throws {
        let done: Void? = await retry(until: { self.isStopping }, body) { error in
            if error is CancellationError { return false }
            logger.warning("\(attempted) has to wait: \(error)")
            progress.beat()
            return true
        }
        if done == nil { throw CancellationError() }
    }

    private func decode(_ delivery: Delivery) throws(JobMessageError) -> JobRequest {
        let request = try JobMessage.decode(delivery)
        guard request.webhook == nil || signsWebhooks else { throw .unsignedWebhook }
        if let provider = providers.offered(request.provider) {
            let problems = provider.definition.parameters?.problems(in: request.parameters) ?? []
            if problems.isEmpty { return request }
            throw JobMessageError(code: "invalid-parameters", message: problems.joined(separator: "; "))
        }
        throw JobMessageError(
            code: "unknown-provider",
            message: "provider \(request.provider.prefix(64)) is unknown; known are \(providers.names.joined(separator: ", "))")
    }

    /// - Returns: letters for the messages whose id another job has; they are not acknowledged yet.
    private func admit(_ accepted: [(request: JobRequest, delivery: Delivery)], _ spans: AdmissionSpans?) async throws -> [DeadLetter] {
        let requests = accepted.map(\.request)
        let outcomes = try await store.admit(requests, watchdog: watchdog)
        var done: [DeliveryTag] = []
        var letters: [DeadLetter] = []
        for ((request, delivery), outcome) in zip(accepted, outcomes) {
            spans?.ended(request, delivery, outcome)
            if case .conflict(let names) = outcome {
                letters.append(DeadLetter(delivery, .conflict(request.id, names)))
            } else {
                done.append(delivery.tag)
            }
        }
        await consumer.acknowledge(done)
        report(requests, outcomes)
        await starter.signal(Set(requests.map(\.provider)))
        return letters
    }

    private func bury(_ letter: DeadLetter) async throws {
        try await office.bury(letter, in: QueueNames.deadJobs, from: consumer)
        reporter.metrics.deadJobs.increment()
        repeated.warning(
            key: letter.error.code, "job message dead-lettered: \(letter.error.message)",
            metadata: ["reason": "\(letter.error.code)", "queue": "\(letter.delivery.queue)"])
    }

    private func report(_ requests: [JobRequest], _ outcomes: [AdmissionOutcome]) {
        for (request, outcome) in zip(requests, outcomes) {
            switch outcome {
            case .admitted:
                metrics.admitted.increment()
                Traces.within(JobTrace.context(of: request)) { reporter.admitted(request) }
            case .conflict: break  // its letter is counted and logged
            case .known, .waiting:
                metrics.known.increment()
                logger.info("job is known already", metadata: ["jobId": "\(request.id)", "correlationId": "\(request.correlationID)"])
            }
        }
    }
}
