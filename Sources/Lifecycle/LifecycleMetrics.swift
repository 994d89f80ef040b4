import ExportCore
import Instruments
import JobStore
import Metrics
import Synchronization

/// Transitions of jobs, counted where they are stored, and what is published for their files, in every service.
public final class LifecycleMetrics: Sendable, Instrumented {
    private static let transitions = CounterInstrument(
        "longhaul_transitions_total", "provider", "to", help: "Stored changes of a job's status, by the new one.")
    private static let phases = TimerInstrument(
        "longhaul_job_phase_seconds", "provider", "phase",
        help: "How long jobs were in a phase that has ended: `waiting` for their start, `polling`, `listing`, `transferring`; and `whole`, "
            + "from the admission to the end.",
        bounds: [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400])
    private static let ends = CounterInstrument(
        "longhaul_jobs_failed_total", "provider", "code", help: "Jobs that have failed, by the code of their error.")
    private static let deadLetters = CounterInstrument(
        "longhaul_dead_letters_total", "queue", help: "Dead letters published: of `jobs`, `downloads` and `webhooks`.")
    private static let stale = CounterInstrument(
        "longhaul_stale_changes_total", "of", help: "Changes that were not stored, because the `job` or `file` had changed meanwhile.")
    private static let expired = CounterInstrument(
        "longhaul_leases_expired_total", "of", help: "Leases that ran out, so that the timer of the `job` or `file` brought it back.")
    private static let extended = CounterInstrument(
        "longhaul_leases_extended_total", "of", help: "Leases that were extended, because work on the `job` or `file` went on.")
    private static let published = CounterInstrument(
        "longhaul_downloads_published_total", "why",
        help: "Download messages confirmed: `listed`, `turn` in the line, `due` again, `orphaned` ones published again, `manifest`.")

    public static var instruments: [Instrument] {
        [
            transitions.instrument, phases.instrument, ends.instrument, deadLetters.instrument, stale.instrument, expired.instrument,
            extended.instrument, published.instrument,
        ]
    }

    public let deadJobs = LifecycleMetrics.deadLetters("jobs"), deadDownloads = LifecycleMetrics.deadLetters("downloads")
    public let deadWebhooks = LifecycleMetrics.deadLetters("webhooks")
    public let staleJobs = LifecycleMetrics.stale("job"), staleFiles = LifecycleMetrics.stale("file")
    private let expiredJobs = LifecycleMetrics.expired("job"), expiredFiles = LifecycleMetrics.expired("file")
    public let extendedJobs = LifecycleMetrics.extended("job"), extendedFiles = LifecycleMetrics.extended("file")
    private let messages = LifecycleMetrics.published.each(of: DownloadPublisher.Reason.self)
    public let losses = LossLedger()
    /// Those of a provider, once it has been met.
    private let providers = Mutex<[String: OfProvider]>([:])

    public init() {}

    private final class OfProvider: Sendable {
        let transitions: [JobStatus: Counter]
        let phases: [JobPhase: Timer]

        init(_ provider: String) {
            transitions = LifecycleMetrics.transitions.each(provider, of: JobStatus.self)
            phases = Dictionary(
                uniqueKeysWithValues: JobPhase.allCases.map { ($0, LifecycleMetrics.phases(provider, $0.rawValue)) })
        }
    }

    private func of(_ provider: String) -> OfProvider {
        providers.withLock { providers in
            if let known = providers[provider] { return known }
            let new = OfProvider(provider)
            providers[provider] = new
            return new
        }
    }

    func count(published number: Int, because reason: DownloadPublisher.Reason) {
        messages[reason]?.increment(by: number)
        if reason == .lost { losses.count(.messages, number) }
    }

    public func countExpiredJobs(_ number: Int) {
        expiredJobs.increment(by: number)
        losses.count(.jobs, number)
    }

    func countExpiredFile() {
        expiredFiles.increment()
        losses.count(.files)
    }

    func countAdmission(_ provider: String) { of(provider).transitions[.pending]?.increment() }

    /// A change of a job's status.
    func count(_ change: JobChange, _ times: StatusTimes?) {
        let metrics = of(change.job.request.provider), status = change.decision.state.status
        metrics.transitions[status]?.increment()
        if status == .failed, let error = change.decision.error { Self.ends(change.job.request.provider, error.code).increment() }
        guard let times else { return }
        if let phase = JobPhase(leaving: change.job.state.status) { metrics.phases[phase]?.record(duration: times.before) }
        if status.isFinal { metrics.phases[.whole]?.record(duration: times.age) }
    }
}

/// The label `phase`.
enum JobPhase: String, CaseIterable {
    case waiting, polling, listing, transferring, whole

    init?(leaving status: JobStatus) {
        switch status {
        case .pending: self = .waiting
        case .polling: self = .polling
        case .ready: self = .listing
        case .processing: self = .transferring
        case .completed, .failed: return nil
        }
    }
}
