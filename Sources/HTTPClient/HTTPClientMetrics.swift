import Metrics

/// The metrics of a client. Labels contain no host, so their number is bounded.
///
/// | metric | kind | labels | meaning |
/// |---|---|---|---|
/// | `http_client_requests_total` | counter | `client`, `outcome`: `1xx` to `5xx`, or an error's label | requests that ended |
/// | `http_client_request_duration` | timer | `client` | from the call to the end of the body, in nanoseconds |
/// | `http_client_in_flight` | gauge | `client` | requests that hold a connection |
/// | `http_client_queued` | gauge | `client` | requests that wait for one |
public final class HTTPClientMetrics {
    /// Help texts for a metrics page.
    public static let help = [
        "http_client_requests_total": "Requests that ended, by status class or error.",
        "http_client_request_duration": "From the call to the end of the body.",
        "http_client_in_flight": "Requests that hold a connection.",
        "http_client_queued": "Requests that wait for a connection.",
    ]

    private let client: String
    private let duration: Timer
    private let inFlight: Gauge
    private let queued: Gauge
    private var statuses: [Counter?] = Array(repeating: nil, count: 10)
    private var errors: [HTTPError.Kind: Counter] = [:]

    init(client: String) {
        self.client = client
        let dimensions = [("client", client)]
        duration = Timer(label: "http_client_request_duration", dimensions: dimensions)
        inFlight = Gauge(label: "http_client_in_flight", dimensions: dimensions)
        queued = Gauge(label: "http_client_queued", dimensions: dimensions)
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
        Counter(label: "http_client_requests_total", dimensions: [("client", client), ("outcome", outcome)])
    }
}
