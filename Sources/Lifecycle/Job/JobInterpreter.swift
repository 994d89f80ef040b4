import ExportCore
import JobStore
import Retry
import Telemetry
import TraceContext

/// Executes the decisions of the job machine: dead letter → store → report → actions. It is the one reader of `JobAction`.
///
/// A process may die between any two of these. Nothing is lost: until a change is stored, the job's timer remains, and afterwards
/// the timer that was stored with it does.
public final class JobInterpreter: Sendable {
    let store: JobStore
    let reporter: TransitionReporter
    private let letters: FailureLetters?
    private let downloads: DownloadPublisher?
    private let effects: any JobEffects
    private let lease: Duration

    /// - Parameters:
    ///   - letters: without them a job cannot fail here; commands need none, since they only retry.
    ///   - downloads: without them the job's timer brings the messages.
    ///   - lease: how long the claims of its callers last; so long it tries to store.
    public init(
        store: JobStore, letters: FailureLetters? = nil, downloads: DownloadPublisher? = nil, effects: any JobEffects = TimerBringsItBack(),
        reporter: TransitionReporter, lease: Duration = .seconds(30)
    ) {
        self.store = store
        self.letters = letters
        self.downloads = downloads
        self.effects = effects
        self.reporter = reporter
        self.lease = lease
    }

    /// - Returns: the job with its new version; `nil` if nothing was stored, because the job had changed or a server was down. Its timer
    ///   brings it back then.
    @discardableResult
    public func carryOut(_ change: JobChange) async -> ClaimedJob? { await carryOut([change])[0] }

    /// The same for several jobs, which are stored together.
    /// - Returns: the jobs in the order of the changes.
    @discardableResult
    public func carryOut(_ changes: [JobChange]) async -> [ClaimedJob?] {
        var stored = [ClaimedJob?](repeating: nil, count: changes.count)
        var ready: [Int] = []
        for (index, change) in changes.enumerated() where await prepare(change) { ready.append(index) }
        guard !ready.isEmpty else { return stored }
        let outcomes = await storeAll(ready.map { changes[$0] })
        for (index, outcome) in zip(ready, outcomes) {
            stored[index] = outcome?.job
            if let outcome { await finish(changes[index], as: outcome.job, outcome.times) }
        }
        return stored
    }

    /// Publishes what must be safe before the change is stored.
    /// - Returns: whether it may be stored.
    func prepare(_ change: JobChange) async -> Bool {
        for action in change.decision.actions where action.comesBeforeTheStore {
            guard await execute(action, for: change.job, decision: change.decision) else { return false }
        }
        return true
    }

    /// Reports a change that is stored, and executes its other actions.
    /// - Parameters:
    ///   - times: if the status is another one.
    ///   - filesToken: of the files that were stored with it.
    func finish(_ change: JobChange, as job: ClaimedJob, _ times: StatusTimes?, filesToken: Int? = nil) async {
        // Its lines and exemplars name the job's trace, also where changes of several jobs were stored together.
        Traces.within(JobTrace.parent(of: job.request)) { reporter.stored(change, times) }
        if case .after(let delay) = change.decision.timer { await effects.timerSet(for: job, after: delay) }
        for action in change.decision.actions where !action.comesBeforeTheStore {
            _ = await execute(action, for: job, decision: change.decision, filesToken: filesToken)
        }
    }

    /// - Returns: whether it succeeded; only an action before the store can fail.
    private func execute(
        _ action: JobAction, for job: ClaimedJob, decision: JobDecision, filesToken: Int? = nil
    ) async -> Bool {
        switch action {
        case .publishDeadLetter(let error): return await letters?.publish(error, of: job, failures: decision.state.failures) ?? false
        case .learnDuration(let isReady): await effects.learn(ObservedDuration(of: job, isReady: isReady), of: job)
        case .takePlace: await takePlace(of: job)
        case .releasePlace: await effects.releasePlace(of: job)
        case .listFiles: await effects.listFiles(of: job, with: self)
        case .publishFiles(let files): await downloads?.publish(files: files, token: filesToken, of: job.request)
        case .lineUp: await effects.lineUp(job)
        case .publishManifest: await downloads?.publishManifest(of: job.request)
        }
        return true
    }

    private func takePlace(of job: ClaimedJob) async {
        do {
            try await store.takePlace(of: job.id, provider: job.request.provider, tenant: job.request.tenant)
        } catch {
            reporter.repeated.warning(key: "place", "an export's place was not taken; the limit is passed by one until it ends: \(error)")
        }
    }

    /// Tries for as long as the claims last, so that a restart of Redis does not lose what was learned about an export, such as its handle.
    /// The version makes repetition harmless.
    private func storeAll(_ changes: [JobChange]) async -> [(job: ClaimedJob, times: StatusTimes?)?] {
        var stored = [(job: ClaimedJob, times: StatusTimes?)?](repeating: nil, count: changes.count)
        var pending = Array(changes.indices)
        let deadline = ContinuousClock.now + lease
        var pause = LoopBackoff()
        while true {
            var failed: [Int] = []
            for (index, result) in zip(pending, await store.apply(pending.map { changes[$0] })) {
                switch result {
                case .success(.applied(let version, let times)): stored[index] = (changes[index].stored(as: version), times)
                case .success(.stale): reporter.metrics.staleJobs.increment()
                case .failure(let error):
                    if error.isRetriable { failed.append(index) }
                    reporter.repeated.warning(
                        key: "store", "a decision is not stored yet; if it cannot be stored, the job's timer brings it back: \(error)",
                        metadata: TransitionReporter.metadata(changes[index].job))
                }
            }
            pending = failed
            guard !pending.isEmpty, .now < deadline, await pause.wait() else { return stored }
        }
    }
}
