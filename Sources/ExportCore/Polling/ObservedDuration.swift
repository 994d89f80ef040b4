/// When an export became ready, as far as the checks tell it. Times are since its creation.
public enum ObservedDuration: Sendable, Equatable {
    /// The check after `after` found it not ready, and the one after `upTo` found it ready.
    case ready(after: Duration, upTo: Duration)
    /// It was not ready then, and never became ready: it failed, expired or was cancelled.
    case longer(than: Duration)

    /// - Parameter job: as it was claimed for the check that found the export ready, or ended it.
    public init(of job: ClaimedJob, isReady: Bool) {
        let waited = job.state.waited
        guard isReady else {
            self = .longer(than: waited)
            return
        }
        // A check that failed or was put off said nothing about the export.
        let isKnown = job.state.failures == 0 && job.state.deferredFor == nil
        let before = isKnown ? job.sinceLastCheck.map { max(waited - $0, .zero) } : nil
        self = .ready(after: before ?? .zero, upTo: waited)
    }

    /// In seconds; the end of an observation that has none is beyond all bins.
    var interval: (from: Double, to: Double) {
        switch self {
        case .ready(let after, let upTo): (after / .seconds(1), max(upTo / .seconds(1), after / .seconds(1) + 0.001))
        case .longer(let than): (than / .seconds(1), .infinity)
        }
    }
}
