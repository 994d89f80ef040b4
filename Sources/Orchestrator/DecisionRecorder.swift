import EventThread
import ExportCore
import JobStore
import Logging
import Retry
import Telemetry

/// Lets the state machine decide and stores what it decided: the last step of everything that an orchestrator does for a job.
final class DecisionRecorder: Sendable {
    let store: JobStore
    let providers: ProviderDirectory
    let letters: FailedJobLetters
    private let lease: Duration
    private let thread: EventThread
    private let jitter = Jitter()
    let metrics: OrchestratorMetrics
    let logger: Logger
    /// While the store is away every job in hand meets the same error.
    let repeated: RateLimitedLog

    init(
        store: JobStore, providers: ProviderDirectory, letters: FailedJobLetters, lease: Duration, metrics: OrchestratorMetrics,
        logger: Logger, thread: EventThread
    ) {
        self.store = store
        self.providers = providers
        self.letters = letters
        self.lease = lease
        self.thread = thread
        self.metrics = metrics
        self.logger = logger
        repeated = RateLimitedLog(logger)
    }

    /// The job that a decision is about, as it was claimed.
    struct Subject: Sendable {
        let id: JobID
        let version: Int64
        let provider: String
        let correlationID: String
        let state: JobState

        init(id: JobID, version: Int64, provider: String, correlationID: String, state: JobState) {
            self.id = id
            self.version = version
            self.provider = provider
            self.correlationID = correlationID
            self.state = state
        }

        init(_ job: ExportJob) {
            self.init(id: job.id, version: job.version, provider: job.provider, correlationID: job.correlationID, state: job.state)
        }

        init(_ wake: Wake) {
            self.init(id: wake.id, version: wake.version, provider: wake.provider, correlationID: wake.correlationID, state: wake.state)
        }
    }

    /// What was decided, and the job's new version.
    typealias Stored = (decision: Decision, version: Int64)

    /// - Returns: `nil` when nothing was stored, because the event came late or the store
    ///   could not be reached. The lease brings the job back then.
    @discardableResult
    func decide(
        _ event: JobEvent, for subject: Subject, by machine: JobStateMachine, detail: String = "", isCheck: Bool = false,
        exportHandle: String? = nil, mayBeCreatedTwice: Bool = false
    ) async -> Stored? {
        guard let decision = machine.decide(event, in: subject.state, random: jitter.next()) else { return nil }
        let version = await record(
            decision, for: subject, detail: detail, isCheck: isCheck, isFailure: event.isFailure, exportHandle: exportHandle,
            mayBeCreatedTwice: mayBeCreatedTwice)
        return version.map { (decision, $0) }
    }

    /// What `decide` does, for a status check: without a task where the decision is to look again later.
    /// - Parameter then: called once, on the store's thread.
    func decideOnCheck(
        _ event: JobEvent, for subject: Subject, by machine: JobStateMachine, detail: String, exportHandle: String?,
        then: @escaping @Sendable (Stored?) -> Void
    ) {
        guard let decision = machine.decide(event, in: subject.state, random: jitter.next()) else { return then(nil) }
        let change = JobChange(
            id: subject.id, version: subject.version, from: subject.state, decision: decision,
            detail: decision.error.map { $0.code } ?? detail, isCheck: true, isFailure: event.isFailure, exportHandle: exportHandle)
        guard decision.state.status == .polling else { return record(change, subject, detail, then) }
        store.apply(change) { outcome in
            switch outcome {
            case .success(.applied(let version)):
                self.report(decision, subject, detail, event.isFailure)
                then((decision, version))
            case .success(.stale):
                self.metrics.wakesStale.increment()
                then(nil)
            case .failure:
                self.record(change, subject, detail, then)
            }
        }
    }

    private func record(
        _ change: JobChange, _ subject: Subject, _ detail: String, _ then: @escaping @Sendable (Stored?) -> Void
    ) {
        Task(executorPreference: thread) {
            let version = await self.record(change, subject, detail)
            then(version.map { (change.decision, $0) })
        }
    }

    @discardableResult
    func record(
        _ decision: Decision, for subject: Subject, detail: String = "", isCheck: Bool = false, isFailure: Bool = false,
        exportHandle: String? = nil, mayBeCreatedTwice: Bool = false
    ) async -> Int64? {
        let change = JobChange(
            id: subject.id, version: subject.version, from: subject.state, decision: decision,
            detail: decision.error.map { $0.code } ?? detail, isCheck: isCheck, isFailure: isFailure,
            exportHandle: exportHandle, mayBeCreatedTwice: mayBeCreatedTwice)
        return await record(change, subject, detail)
    }

    private func record(_ change: JobChange, _ subject: Subject, _ detail: String) async -> Int64? {
        let decision = change.decision
        guard await letters.publish(decision, subject) else { return nil }
        guard let outcome = await store(change, subject) else { return nil }
        guard case .applied(let version) = outcome else {
            metrics.wakesStale.increment()
            return nil
        }
        report(decision, subject, detail, change.isFailure)
        if subject.state.status == .polling, decision.state.status != .polling {
            await providers[subject.provider]?.gate.release(subject.id)
        }
        return version
    }

    /// The provider is not to be asked now: the job's timer is moved, and the claim does not count.
    func postpone(_ subject: Subject, by delay: Duration) async {
        metrics.held.increment()
        do {
            try await store.postpone([(subject.id, subject.version)], by: delay)
        } catch {
            repeated.warning(
                key: "postpone", "a job was not postponed, its lease brings it back: \(error)", metadata: Self.metadata(subject))
        }
    }

    /// Tries for as long as the lease holds: what was learned of an export, its handle above all, should not be lost to a restart of
    /// Redis. The version makes trying again harmless.
    private func store(_ change: JobChange, _ subject: Subject) async -> ChangeOutcome? {
        var pause = LoopBackoff()
        let deadline = ContinuousClock.now + lease
        while true {
            do {
                return try await store.apply(change)
            } catch {
                repeated.warning(
                    key: "store", "a decision is not stored yet; if it cannot be, the lease brings the job back: \(error)",
                    metadata: Self.metadata(subject))
                guard error.isRetriable, .now < deadline, await pause.wait() else { return nil }
            }
        }
    }

    /// A provider that this process does not know.
    func providerUnknown(_ subject: Subject) async {
        let failure = ProviderDirectory.unknown
        await decide(.stepFailed(failure), for: subject, by: JobStateMachine(rules: JobRules()), detail: failure.code)
    }

    private func report(_ decision: Decision, _ subject: Subject, _ detail: String, _ isFailure: Bool) {
        let status = decision.state.status
        var metadata = Self.metadata(subject)
        metadata["status"] = "\(status.rawValue)"
        guard status != subject.state.status else {
            if isFailure { logger.notice("retry: \(detail)", metadata: metadata) }
            return
        }
        metrics.countTransition(to: status)
        if let error = decision.error {
            metadata["errorCode"] = "\(error.code)"
            logger.error("job failed: \(error.message)", metadata: metadata)
        } else {
            logger.info("job is \(status.rawValue)", metadata: metadata)
        }
    }

    static func metadata(_ subject: Subject) -> Logger.Metadata {
        [
            "jobId": "\(subject.id)", "correlationId": "\(subject.correlationID)", "provider": "\(subject.provider)",
            "status": "\(subject.state.status.rawValue)",
        ]
    }
}
