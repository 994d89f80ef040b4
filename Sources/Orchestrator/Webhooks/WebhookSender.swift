import EventThread
import ExportCore
import Foundation
import JobMessages
import JobStore
import Lifecycle
import Logging
import ProviderAPI
import Telemetry

/// Sends the webhook messages whose timers fired, and stores what came of each attempt.
///
/// The claim moved the timer behind the end of an attempt: a message whose sender dies is sent again, with the same `webhook-id`. What has
/// no room goes back to the due set, so checks never wait for receivers.
actor WebhookSender {
    private let store: JobStore
    private let requests: WebhookRequests
    private let rules: WebhookRules
    private let office: DeadLetterOffice
    private let clock: DueClock
    private let metrics = WebhookMetrics()
    private let letters: LifecycleMetrics
    private let logger: Logger
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private var slots: WebhookSlots
    /// Attempts, until their result is stored.
    private let work: WorkLimiter
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// When a message is looked at again whose dead letter the broker did not take.
    private static let untilNextLetter = Duration.seconds(30)

    init(
        store: JobStore, requests: WebhookRequests, rules: WebhookRules, office: DeadLetterOffice, clock: DueClock,
        letters: LifecycleMetrics, slots: WebhookSlots = WebhookSlots(), logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.requests = requests
        self.rules = rules
        self.office = office
        self.clock = clock
        self.letters = letters
        self.slots = slots
        self.logger = logger
        repeated = RateLimitedLog(logger)
        self.thread = thread
        work = WorkLimiter(.max, on: thread)
    }

    /// Begins the attempts that there is room for, and hands the other messages back. Waits for no receiver.
    func take(_ due: [DueWebhook]) async {
        var results: [(webhook: DueWebhook, result: WebhookResult)] = []
        for webhook in due {
            guard !rules.isExhausted(claims: webhook.claims) else {
                let error = WebhookTargetError(
                    code: "claims-exhausted", message: "\(webhook.claims) claims in a row had no result", isFinal: true)
                await begin { await self.conclude(webhook, .init(error)) }
                continue
            }
            do throws(WebhookTargetError) {
                let target = try await requests.target(of: webhook.message)
                if let wait = slots.enter(target.origin, now: .now) {
                    results.append((webhook, .handedBack(for: wait)))
                } else {
                    await begin { await self.attempt(webhook, target) }
                }
            } catch {
                await begin { await self.conclude(webhook, .init(error)) }
            }
        }
        guard !results.isEmpty else { return }
        metrics.postponed.increment(by: results.count)
        await record(results)
    }

    /// Waits until no attempt is in progress, or until `abandon`.
    func drain() async { await work.drain() }

    /// Ends `drain`; the claims run out by themselves.
    func abandon() async { await work.abandon() }

    private func begin(_ body: @escaping @Sendable () async -> Void) async {
        await work.enter()
        Task(executorPreference: thread) { [work] in
            await body()
            await work.leave()
        }
    }

    private func attempt(_ webhook: DueWebhook, _ target: WebhookTarget) async {
        let begun = ContinuousClock.now
        let attempt = await requests.send(webhook.message, to: target, timestamp: Int64(Date().timeIntervalSince1970))
        let took = ContinuousClock.now - begun
        slots.leave(target.origin, took: took)
        // The claim runs out by itself.
        guard let attempt else { return }
        metrics.attempted(attempt.result, took: took)
        await conclude(webhook, attempt)
    }

    private func conclude(_ webhook: DueWebhook, _ attempt: WebhookRequests.Attempt) async {
        switch rules.verdict(on: attempt.outcome, attempts: webhook.failures + 1, random: .random(in: 0..<1)) {
        case .delivered:
            if await record([(webhook, .ended)]) { metrics.delivered.increment() }
        case .again(let delay):
            guard await record([(webhook, .failed(next: delay))]) else { return }
            metrics.failed.increment()
            repeated.log(
                .notice, key: attempt.code,
                "a webhook message was not delivered, and is sent again in \(delay.components.seconds) s: \(attempt.explanation)",
                metadata: Self.metadata(webhook.message))
        case .dead(let disables):
            if disables { await disable(webhook.message, attempt.explanation) }
            await bury(webhook, attempt)
        }
    }

    /// Dead letter first, then the removal: a crash in between leaves two letters, never none.
    private func bury(_ webhook: DueWebhook, _ attempt: WebhookRequests.Attempt) async {
        do {
            let now = Date()
            let first = webhook.failedAt.map { Date(timeIntervalSince1970: Double($0) / 1000) } ?? now
            try await office.publish(
                WebhookLetter.outgoing(
                    webhook.message, reason: attempt.code, explanation: attempt.explanation, attempts: webhook.failures + 1,
                    firstFailure: min(first, now), lastFailure: now))
        } catch {
            repeated.warning(key: "letter", "a webhook message is not given up yet: \(error)", metadata: Self.metadata(webhook.message))
            await record([(webhook, .handedBack(for: Self.untilNextLetter))])
            return
        }
        metrics.dead.increment()
        letters.deadWebhooks.increment()
        repeated.warning(
            key: "dead", "a webhook message is given up: \(attempt.explanation)", metadata: Self.metadata(webhook.message))
        await record([(webhook, .ended)])
    }

    /// The receiver wants no further messages. A URL of a job receives no others anyway.
    private func disable(_ message: WebhookMessage, _ reason: String) async {
        guard message.endpoint == .provider, let version = requests.providers[message.provider]?.definition.version else { return }
        do {
            guard try await store.disableEndpoint(of: message.provider, version: version, reason: reason) else { return }
            logger.warning(
                "the webhook endpoint of a provider is disabled until its file changes, or `longhaul provider resume`: \(reason)",
                metadata: ["provider": "\(message.provider)"])
        } catch {
            // Its next message gets the same answer.
            repeated.warning(key: "disable", "a webhook endpoint was not disabled: \(error)", metadata: ["provider": "\(message.provider)"])
        }
    }

    /// - Returns: whether all are stored. What is not, the timers bring back.
    @discardableResult
    private func record(_ results: [(webhook: DueWebhook, result: WebhookResult)]) async -> Bool {
        do {
            let stored = try await store.applyWebhooks(results)
            let stale = stored.count { !$0 }
            if stale > 0 { metrics.stale.increment(by: stale) }
            for (webhook, result) in results {
                let partition = webhook.message.job.partition(of: store.partitions)
                switch result {
                case .ended: continue
                case .failed(let delay), .handedBack(let delay): await clock.timerSet(on: partition, after: delay)
                }
            }
            return stale == 0
        } catch {
            repeated.warning(key: "store", "results of webhook messages are not stored, and they are sent again: \(error)")
            return false
        }
    }

    private static func metadata(_ message: WebhookMessage) -> Logger.Metadata {
        [
            "webhookId": "\(message.id)", "jobId": "\(message.job)", "correlationId": "\(message.correlationID)",
            "provider": "\(message.provider)",
        ]
    }
}

extension WebhookRequests.Attempt {
    /// An attempt that could not be made.
    fileprivate init(_ error: WebhookTargetError) {
        self.init(outcome: .failed(isFinal: error.isFinal), code: error.code, explanation: error.message, result: error.code)
    }
}
