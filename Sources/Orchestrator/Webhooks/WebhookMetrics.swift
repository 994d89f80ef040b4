import Instruments
import Metrics

/// The way of webhook messages to their endpoints.
struct WebhookMetrics: Sendable, Instrumented {
    private static let messages = CounterInstrument(
        "longhaul_webhooks_total", "outcome",
        help:
            "Webhook messages: `delivered`, `failed` (an attempt; another follows), `dead` (given up), `postponed` (no room), `stale` (another process has sent it again)."
    )
    private static let attempts = CounterInstrument(
        "longhaul_webhook_attempts_total", "result",
        help: "Attempts to send a webhook message, by the class of the answer's status (`2xx`) or the kind of the failure.")
    private static let duration = TimerInstrument(
        "longhaul_webhook_attempt_seconds", help: "How long an attempt took, until the answer or the failure.",
        bounds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15])
    static let waiting = GaugeInstrument("longhaul_webhooks_waiting", help: "Webhook messages that are not delivered yet.")
    static let oldest = GaugeInstrument(
        "longhaul_webhook_oldest_seconds", help: "How long ago the job of the oldest waiting webhook message ended; 0 if none waits.")
    static let disabled = GaugeInstrument(
        "longhaul_webhook_endpoint_disabled", "provider", help: "1 if a provider's webhook endpoint answered 410 and is disabled.")
    static let skipped = GaugeInstrument(
        "longhaul_webhooks_skipped", "provider", help: "Ends of jobs that a disabled endpoint was not told about since it was disabled.")

    static var instruments: [Instrument] {
        [messages.instrument, attempts.instrument, duration.instrument] + [waiting, oldest, disabled, skipped].map(\.instrument)
    }

    let delivered = Self.messages("delivered"), failed = Self.messages("failed"), dead = Self.messages("dead")
    let postponed = Self.messages("postponed"), stale = Self.messages("stale")
    private let took = Self.duration()

    /// - Parameter result: `2xx`, or the kind of the failure.
    func attempted(_ result: String, took time: Duration) {
        Self.attempts(result).increment()
        took.record(duration: time)
    }
}
