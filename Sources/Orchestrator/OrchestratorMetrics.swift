import ExportCore
import Metrics

/// What an orchestrator measures.
///
/// | metric | kind | labels | what |
/// |---|---|---|---|
/// | `longhaul_jobs` | gauge | `status` | jobs by status, from the store |
/// | `longhaul_download_line_jobs` | gauge | `priority` | jobs whose files wait for their turn, from the store |
/// | `longhaul_jobs_admitted_total` | counter | – | jobs taken in |
/// | `longhaul_jobs_known_total` | counter | – | messages of jobs that were known already |
/// | `longhaul_creates_total` | counter | `outcome` | requests that create an export |
/// | `longhaul_checks_total` | counter | `outcome` | status checks |
/// | `longhaul_listings_total` | counter | `outcome` | pages of file lists |
/// | `longhaul_timer_lateness_seconds` | timer | – | from due to claimed |
/// | `longhaul_wakes_total` | counter | `outcome` | wakes: published, refused (back-pressure), malformed, stale |
/// | `longhaul_requests_held_total` | counter | – | claims that were postponed, because their provider is not to be asked now |
/// | `longhaul_in_flight` | gauge | `what` | wakes and creations in progress |
struct OrchestratorMetrics: Sendable {
    let admitted = Counter(label: "longhaul_jobs_admitted_total")
    let known = Counter(label: "longhaul_jobs_known_total")
    let lateness = Metrics.Timer(label: "longhaul_timer_lateness_seconds")
    let wakesPublished = Counter(label: "longhaul_wakes_total", dimensions: [("outcome", "published")])
    let wakesRefused = Counter(label: "longhaul_wakes_total", dimensions: [("outcome", "refused")])
    let wakesMalformed = Counter(label: "longhaul_wakes_total", dimensions: [("outcome", "malformed")])
    let wakesStale = Counter(label: "longhaul_wakes_total", dimensions: [("outcome", "stale")])
    let held = Counter(label: "longhaul_requests_held_total")
    let wakesInFlight = Gauge(label: "longhaul_in_flight", dimensions: [("what", "wakes")])
    let createsInFlight = Gauge(label: "longhaul_in_flight", dimensions: [("what", "creates")])
    private let creates: [StepOutcome: Counter]
    private let checks: [StepOutcome: Counter]
    private let listings: [StepOutcome: Counter]

    init() {
        func counters(_ label: String) -> [StepOutcome: Counter] {
            Dictionary(
                uniqueKeysWithValues: StepOutcome.allCases.map { ($0, Counter(label: label, dimensions: [("outcome", $0.rawValue)])) })
        }
        creates = counters("longhaul_creates_total")
        checks = counters("longhaul_checks_total")
        listings = counters("longhaul_listings_total")
    }

    func countCreate(_ outcome: StepOutcome) { creates[outcome]?.increment() }
    func countCheck(_ outcome: StepOutcome) { checks[outcome]?.increment() }
    func countListing(_ outcome: StepOutcome) { listings[outcome]?.increment() }
}

/// The values of the label `outcome` of requests to a provider.
enum StepOutcome: String, CaseIterable {
    case succeeded, notReady = "not-ready", unknownStatus = "unknown-status", exportFailed = "export-failed"
    case transient, throttled, notYet = "not-yet", unauthorised, gone, permanent, corrupt

    init(_ failureClass: FailureClass) {
        self =
            switch failureClass {
            case .transient: .transient
            case .throttled: .throttled
            case .notYet: .notYet
            case .unauthorised: .unauthorised
            case .gone: .gone
            case .permanent: .permanent
            case .corrupt: .corrupt
            }
    }
}
