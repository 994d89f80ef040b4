import HeapModule
import Synchronization

/// Holds all exports and the counters in memory. Every decision about an export is made here; the HTTP layer only asks.
///
/// Protected by one mutex, which is uncontended with a single event loop.
final class ExportRegistry: Sendable {
    let configuration: SandboxConfiguration
    let clock: any SandboxClock
    let log: EventLog
    /// For requests that do not concern an export.
    let faults: FaultPlan
    let state = Mutex(State())

    init(configuration: SandboxConfiguration, clock: any SandboxClock, log: EventLog) {
        self.configuration = configuration
        self.clock = clock
        self.log = log
        faults = FaultPlan(configuration.faults)
    }

    struct State {
        var exports: [ExportID: SimulatedExport] = [:]
        /// Ordered by planned end: the first is dropped to make room.
        var finishing = Heap<Finishing>()
        var plans: [ExportOrder: ExportPlan] = [:]
        /// Requests for idempotency keys without an export, counted so that faults apply to them too.
        var keyOccasions: [UInt64: Int32] = [:]
        /// The number of creates without a key; the ordinal replaces the key.
        var unkeyed = 0
        var statistics = SandboxStatistics()
    }

    struct Finishing: Comparable {
        var readyAt: Int64
        var id: ExportID

        static func < (left: Finishing, right: Finishing) -> Bool { left.readyAt < right.readyAt }
    }

    /// A result, or the fault that replaces it.
    enum Outcome<Answer: Sendable>: Sendable {
        case answer(Answer)
        case fault(InjectedFault)
        case unknown
    }

    /// The properties of an export that the API reports.
    struct View: Sendable {
        var id: ExportID
        var status: ExportStatus
        var percent: Int
        /// Nanoseconds until the end; 0 after it.
        var remaining: Int64
    }

    /// Runs `body` with the export, or returns `.unknown`.
    func withExport<Answer: Sendable>(
        _ id: ExportID, _ body: (inout SimulatedExport, inout SandboxStatistics, _ now: Int64) -> Outcome<Answer>
    ) -> Outcome<Answer> {
        let now = clock.now()
        return state.withLock { state in
            guard let index = state.exports.index(forKey: id) else { return .unknown }
            return body(&state.exports.values[index], &state.statistics, now)
        }
    }

    /// Records a fault that is about to be injected.
    func inject(
        _ injected: InjectedFault, at point: FaultPoint, into export: inout SimulatedExport, file: Int? = nil,
        _ statistics: inout SandboxStatistics
    ) {
        export.injected.insert(injected.fault)
        statistics.faults[injected.fault, default: 0] += 1
        log.fault(injected, at: point, id: export.id, key: export.idempotencyKey, file: file, now: clock.now())
    }
}

extension SimulatedExport {
    func view(at now: Int64) -> ExportRegistry.View {
        let status = status(at: now)
        return ExportRegistry.View(
            id: id, status: status, percent: status.isFinal && status != .cancelled ? 100 : percent(at: now),
            remaining: status.isFinal ? 0 : readyAt - now)
    }
}
