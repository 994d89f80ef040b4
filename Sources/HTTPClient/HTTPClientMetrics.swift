import Instruments
import Metrics

/// The metrics of a client. Labels contain no host, so their number is bounded.
public final class HTTPClientMetrics: Instrumented {
    private static let requests = CounterInstrument(
        "http_client_requests_total", "client", "outcome", help: "Requests that ended, by status class (`2xx`) or error.")
    private static let durations = TimerInstrument(
        "http_client_request_duration_seconds", "client", help: "From the call to the end of the body.")
    private static let inFlight = GaugeInstrument("http_client_in_flight", "client", help: "Requests that hold a connection.")
    private static let queued = GaugeInstrument("http_client_queued", "client", help: "Requests that wait for a connection.")

    public static var instruments: [Instrument] {
        [requests.instrument, durations.instrument, inFlight.instrument, queued.instrument]
    }

    private let client: String
    private let duration: Timer
    private let inFlight: Gauge
    private let queued: Gauge
    private var statuses: [Counter?] = Array(repeating: nil, count: 10)
    private var errors: [HTTPError.Kind: Counter] = [:]

    init(client: String) {
        self.client = client
        duration = Self.durations(client)
        inFlight = Self.inFlight(client)
        queued = Self.queued(client)
    }

    func ended(status: Int, nanoseconds: UInt64) {
        let index = min(max(status / 100, 0), 9)
        let counter = statuses[index] ?? counter("\(index)xx")
        statuses[index] = counter
        counter.increment()
        duration.recordNanoseconds(Int64(clamping: nanoseconds))
    }

    func failed(_ kind: HTTPError.Kind, nanoseconds: UInt64) {
        let counter = errors[kind] ?? counter(kind.label)
        errors[kind] = counter
        counter.increment()
        duration.recordNanoseconds(Int64(clamping: nanoseconds))
    }

    func record(inFlight: Int, queued: Int) {
        self.inFlight.record(inFlight)
        self.queued.record(queued)
    }

    private func counter(_ outcome: String) -> Counter {
        Self.requests(client, outcome)
    }
}
