import Metrics

/// What a worker measures.
///
/// | metric | kind | labels | what |
/// |---|---|---|---|
/// | `longhaul_transfers_total` | counter | `outcome` | attempts at a file that have ended, see `TransferOutcome.Label` |
/// | `longhaul_transfer_bytes_total` | counter | `direction` | `received`: bytes of files as served; `stored`: bytes of objects that got their name |
/// | `longhaul_transfer_seconds` | timer | – | from the claim of a file to its outcome in the store |
/// | `longhaul_transfers_active` | gauge | – | transfers and manifests in hand |
/// | `longhaul_files_retried_total` | counter | – | attempts after which another one was scheduled |
/// | `longhaul_file_links_refreshed_total` | counter | – | expired links for which a fresh one was listed |
/// | `longhaul_dead_letters_total` | counter | `queue` | messages that nobody can handle |
/// | `longhaul_transitions_total` | counter | `to` | stored changes of a job's status, COMPLETED here |
/// | `longhaul_manifests_total` | counter | `outcome` | `written`, `stale`: the job had changed meanwhile, `failed`: left to the job's timer |
struct WorkerMetrics: Sendable {
    let received = Counter(label: "longhaul_transfer_bytes_total", dimensions: [("direction", "received")])
    let stored = Counter(label: "longhaul_transfer_bytes_total", dimensions: [("direction", "stored")])
    let duration = Metrics.Timer(label: "longhaul_transfer_seconds")
    let active = Gauge(label: "longhaul_transfers_active")
    let retried = Counter(label: "longhaul_files_retried_total")
    let refreshed = Counter(label: "longhaul_file_links_refreshed_total")
    let deadLetters = Counter(label: "longhaul_dead_letters_total", dimensions: [("queue", "downloads")])
    let completed = Counter(label: "longhaul_transitions_total", dimensions: [("to", "COMPLETED")])
    let manifestsWritten = Counter(label: "longhaul_manifests_total", dimensions: [("outcome", "written")])
    let manifestsStale = Counter(label: "longhaul_manifests_total", dimensions: [("outcome", "stale")])
    let manifestsFailed = Counter(label: "longhaul_manifests_total", dimensions: [("outcome", "failed")])
    private let outcomes: [TransferOutcome.Label: Counter]

    init() {
        outcomes = Dictionary(
            uniqueKeysWithValues: TransferOutcome.Label.allCases.map {
                ($0, Counter(label: "longhaul_transfers_total", dimensions: [("outcome", $0.rawValue)]))
            })
    }

    func count(_ outcome: TransferOutcome.Label) { outcomes[outcome]?.increment() }
}
