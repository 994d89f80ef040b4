import ExportCore
import Instruments
import Logging
import Metrics

/// Makes changes of circuit breakers visible in this process: a log line and metrics. The event comes with the change in the store.
public struct BreakerWatcher: Sendable, Instrumented {
    private static let state = GaugeInstrument(
        "longhaul_breaker_state", "provider", help: "A provider's circuit breaker: 0 closed, 1 half-open, 2 open.")
    private static let changes = CounterInstrument(
        "longhaul_breaker_changes_total", "provider", "to", help: "Changes of circuit breakers that this process made.")
    private static let held = GaugeInstrument(
        "longhaul_provider_held", "provider", "reason", help: "1 while a provider is held, by the code of the failure.")

    public static var instruments: [Instrument] { [state.instrument, changes.instrument, held.instrument] }

    /// This process's name, for the events.
    let process: String
    private let logger: Logger

    public init(process: String, logger: Logger) {
        self.process = process
        self.logger = logger
    }

    /// - Parameters:
    ///   - before: as this process knew it.
    ///   - isOurs: whether this process made the change.
    func changed(_ provider: String, _ breaker: CircuitBreaker, before: CircuitBreaker, isOurs: Bool) {
        let state = breaker.state
        Self.state(provider).record(state.level)
        record(provider, breaker.hold, before: before.hold)
        guard isOurs else { return }
        Self.changes(provider, state.rawValue).increment()
        let metadata: Logger.Metadata = ["provider": "\(provider)", "breaker": "\(state.rawValue)"]
        switch state {
        case .open where breaker.hold != nil:
            logger.error("provider held: its jobs wait, and single requests try it again: \(breaker.reason)", metadata: metadata)
        case .open: logger.error("circuit breaker opened: \(breaker.reason)", metadata: metadata)
        case .halfOpen: logger.notice("circuit breaker is half-open: single requests try the provider", metadata: metadata)
        case .closed: logger.notice("circuit breaker closed: the provider works again", metadata: metadata)
        }
    }

    /// This process alone cannot ask a provider, or can again.
    func impeded(_ provider: String, _ hold: CircuitBreaker.Hold?, before: CircuitBreaker.Hold?) {
        record(provider, hold, before: before)
        let metadata: Logger.Metadata = ["provider": "\(provider)"]
        if let hold, hold.code != before?.code {
            logger.error(
                "this process holds the provider: its jobs wait here, and single requests try it again: \(hold.message)",
                metadata: metadata)
        } else if hold == nil, before != nil {
            logger.notice("this process can ask the provider again", metadata: metadata)
        }
    }

    private func record(_ provider: String, _ hold: CircuitBreaker.Hold?, before: CircuitBreaker.Hold?) {
        for (code, value) in [(before?.code, 0), (hold?.code, 1)] {
            guard let code else { continue }
            Self.held(provider, code).record(value)
        }
    }
}

extension CircuitBreaker.State {
    /// 0 closed, 1 half-open, 2 open.
    fileprivate var level: Int {
        switch self {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
    }
}
