import HeapModule
import Synchronization

/// All exports in memory, and the counters. The HTTP side asks; every decision about an export is made here.
///
/// Behind one mutex, which a single event loop never has to wait for.
final class ExportRegistry: Sendable {
    let configuration: SandboxConfiguration
    let clock: any SandboxClock
    let log: EventLog
    /// For requests that concern no export.
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
        /// By planned end: the first is dropped when room is needed.
        var finishing = Heap<Finishing>()
        var plans: [ExportOrder: ExportPlan] = [:]
        /// Requests about idempotency keys that have no export, so that faults can count them too.
        var keyOccasions: [UInt64: Int32] = [:]
        /// Creates without a key so far; the ordinal stands in for the key.
        var unkeyed = 0
        var statistics = SandboxStatistics()
    }

    struct Finishing: Comparable {
        var readyAt: Int64
        var id: ExportID

        static func < (left: Finishing, right: Finishing) -> Bool { left.readyAt < right.readyAt }
    }

    /// An answer that a fault may take the place of.
    enum Outcome<Answer: Sendable>: Sendable {
        case answer(Answer)
        case fault(Fault)
        case unknown
    }

    /// What the API tells of an export.
    struct View: Sendable {
        var id: ExportID
        var status: ExportStatus
        var percent: Int
        /// Nanoseconds until the end, 0 at the end.
        var remaining: Int64
    }

    /// Runs `body` with the export, or gives `.unknown`.
    func withExport<Answer: Sendable>(
        _ id: ExportID, _ body: (inout SimulatedExport, inout SandboxStatistics, _ now: Int64) -> Outcome<Answer>
    ) -> Outcome<Answer> {
        let now = clock.now()
        return state.withLock { state in
            guard let index = state.exports.index(forKey: id) else { return .unknown }
            return body(&state.exports.values[index], &state.statistics, now)
        }
    }

    /// Notes that a fault is about to be injected.
    func inject(
        _ fault: Fault, at point: FaultPoint, into export: inout SimulatedExport, file: Int? = nil,
        _ statistics: inout SandboxStatistics
    ) {
        export.injected.insert(fault)
        statistics.faults[fault, default: 0] += 1
        log.fault(fault, at: point, id: export.id, key: export.idempotencyKey, file: file, now: clock.now())
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
