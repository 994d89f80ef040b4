import ExportCore
import Metrics
import Telemetry

/// Transitions of jobs and files, counted where they are stored, and the health of providers, in every service.
///
/// | metric | kind | labels | what |
/// |---|---|---|---|
/// | `longhaul_transitions_total` | counter | `to` | stored changes of a job's status |
/// | `longhaul_dead_letters_total` | counter | `queue` | dead letters published, `jobs` or `downloads` |
/// | `longhaul_downloads_published_total` | counter | `why` | download messages confirmed: `listed`, `turn`, `due`, `orphaned` (published again), `manifest` |
/// | `longhaul_stale_changes_total` | counter | `of` | changes that were not stored, because the `job` or `file` had changed meanwhile |
/// | `longhaul_breaker_state` | gauge | `provider` | 0 closed, 1 half-open, 2 open |
/// | `longhaul_breaker_changes_total` | counter | `provider`, `to` | changes that this process made |
/// | `longhaul_provider_held` | gauge | `provider`, `reason` | 1 while the provider is held, for the code of the failure |
public struct LifecycleMetrics: Sendable {
    public let deadJobs = Counter(label: "longhaul_dead_letters_total", dimensions: [("queue", "jobs")])
    public let deadDownloads = Counter(label: "longhaul_dead_letters_total", dimensions: [("queue", "downloads")])
    public let staleJobs = Counter(label: "longhaul_stale_changes_total", dimensions: [("of", "job")])
    public let staleFiles = Counter(label: "longhaul_stale_changes_total", dimensions: [("of", "file")])
    private let transitions: [JobStatus: Counter]
    private let published: [DownloadPublisher.Reason: Counter]

    public init() {
        transitions = Dictionary(
            uniqueKeysWithValues: JobStatus.allCases.map {
                ($0, Counter(label: "longhaul_transitions_total", dimensions: [("to", $0.rawValue)]))
            })
        published = Dictionary(
            uniqueKeysWithValues: DownloadPublisher.Reason.allCases.map {
                ($0, Counter(label: "longhaul_downloads_published_total", dimensions: [("why", $0.rawValue)]))
            })
    }

    /// Help texts for the metrics page.
    public static func describe(in registry: PrometheusRegistry) {
        registry.describe("longhaul_transitions_total", help: "Stored changes of a job's status.")
        registry.describe("longhaul_dead_letters_total", help: "Dead letters published.")
        registry.describe("longhaul_downloads_published_total", help: "Download messages confirmed, by why they were published.")
        registry.describe("longhaul_breaker_state", help: "A provider's circuit breaker: 0 closed, 1 half-open, 2 open.")
        registry.describe("longhaul_breaker_changes_total", help: "Changes of circuit breakers made by this process.")
        registry.describe("longhaul_provider_held", help: "1 while a provider is held, by the code of the failure.")
        registry.describe("longhaul_stale_changes_total", help: "Changes not stored because the job or file had changed meanwhile.")
    }

    func count(published messages: Int, because reason: DownloadPublisher.Reason) { published[reason]?.increment(by: messages) }

    public func count(transitionTo status: JobStatus) { transitions[status]?.increment() }
}
