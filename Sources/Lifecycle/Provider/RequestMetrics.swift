import ExportCore
import Instruments
import Metrics

/// The requests to a provider, as its gate learns how they ended. It belongs to the gate.
final class RequestMetrics: Instrumented {
    private static let requests = CounterInstrument(
        "longhaul_provider_requests_total", "provider", "operation", "outcome",
        help: "Requests to a provider: `ok`, or the class of the failure. Of a download only the head of the answer counts.")
    private static let durations = TimerInstrument(
        "longhaul_provider_request_seconds", "provider", "operation", help: "How long requests to a provider's API took.")
    private static let failures = CounterInstrument(
        "longhaul_provider_failures_total", "provider", "operation", "code",
        help: "Requests to a provider that failed, by the code of the failure.")
    private static let delays = CounterInstrument(
        "longhaul_provider_delays_total", "provider", "operation",
        help: "Requests that had to wait for a limit, a pause, a hold or the breaker.")

    static var instruments: [Instrument] { [requests.instrument, durations.instrument, failures.instrument, delays.instrument] }

    private let provider: String
    private var operations: [Operation?] = Array(repeating: nil, count: RequestKind.control.count + 1)

    private final class Operation {
        let ok: Counter
        let duration: Metrics.Timer
        let delays: Counter
        var failed: [FailureClass: Counter] = [:]

        init(_ provider: String, _ name: String) {
            ok = RequestMetrics.requests(provider, name, "ok")
            duration = RequestMetrics.durations(provider, name)
            delays = RequestMetrics.delays(provider, name)
        }
    }

    init(_ provider: String) { self.provider = provider }

    /// - Parameter took: `nil` if it is not known.
    func ended(_ kind: RequestKind, _ failure: Failure?, took: Duration?) {
        let operation = operation(kind)
        if let took { operation.duration.record(duration: took) }
        guard let failure else { return operation.ok.increment() }
        let name = kind.operation
        let failed = operation.failed[failure.failureClass] ?? Self.requests(provider, name, failure.failureClass.rawValue)
        operation.failed[failure.failureClass] = failed
        failed.increment()
        Self.failures(provider, name, failure.code).increment()
    }

    func delayed(_ kind: RequestKind, _ number: Int) {
        if number > 0 { operation(kind).delays.increment(by: number) }
    }

    private func operation(_ kind: RequestKind) -> Operation {
        if let known = operations[kind.index] { return known }
        let new = Operation(provider, kind.operation)
        operations[kind.index] = new
        return new
    }
}

extension RequestKind {
    /// The label `operation`: without the host.
    fileprivate var operation: String { if case .download = self { "download" } else { name } }

    fileprivate var index: Int {
        switch self {
        case .create: 0
        case .check: 1
        case .list: 2
        case .cancel: 3
        case .download: 4
        }
    }
}
