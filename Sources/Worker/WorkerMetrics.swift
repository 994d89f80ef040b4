import Metrics

/// What a worker measures. `LifecycleMetrics` holds what is counted of jobs, wherever they are changed.
///
/// | metric | kind | labels | what |
/// |---|---|---|---|
/// | `longhaul_transfers_total` | counter | `outcome` | attempts at a file that have ended, see `TransferLabel` |
/// | `longhaul_transfer_bytes_total` | counter | `direction` | `received`: bytes of files as served; `stored`: bytes of objects that got their final name |
/// | `longhaul_transfer_seconds` | timer | – | from the claim of a file until its outcome is stored |
/// | `longhaul_transfers_active` | gauge | – | transfers and manifests in progress |
/// | `longhaul_files_retried_total` | counter | – | attempts after which another one was scheduled |
/// | `longhaul_file_links_refreshed_total` | counter | – | expired links that were replaced by a fresh one |
/// | `longhaul_manifests_total` | counter | `outcome` | `written`; `stale`: the job changed meanwhile, or the store was away; `failed`: the job's timer brings it back |
struct WorkerMetrics: Sendable {
    let received = Counter(label: "longhaul_transfer_bytes_total", dimensions: [("direction", "received")])
    let stored = Counter(label: "longhaul_transfer_bytes_total", dimensions: [("direction", "stored")])
    let duration = Metrics.Timer(label: "longhaul_transfer_seconds")
    let active = Gauge(label: "longhaul_transfers_active")
    let retried = Counter(label: "longhaul_files_retried_total")
    let refreshed = Counter(label: "longhaul_file_links_refreshed_total")
    let manifestsWritten = Counter(label: "longhaul_manifests_total", dimensions: [("outcome", "written")])
    let manifestsStale = Counter(label: "longhaul_manifests_total", dimensions: [("outcome", "stale")])
    let manifestsFailed = Counter(label: "longhaul_manifests_total", dimensions: [("outcome", "failed")])
    private let outcomes: [TransferLabel: Counter]

    init() {
        outcomes = Dictionary(
            uniqueKeysWithValues: TransferLabel.allCases.map {
                ($0, Counter(label: "longhaul_transfers_total", dimensions: [("outcome", $0.rawValue)]))
            })
    }

    func count(_ label: TransferLabel) { outcomes[label]?.increment() }
}

/// The label `outcome` of `longhaul_transfers_total`.
enum TransferLabel: String, CaseIterable {
    case stored
    /// Failed, and another attempt follows.
    case retried
    /// Failed permanently; the rules of the job decide the consequence.
    case failed
    /// Given up before a transfer, because earlier attempts used up what the provider file allows.
    case exhausted
    case leaseLost = "lease-lost"
    /// The worker shut down and gave the file back.
    case handedBack = "handed-back"
    /// The store did not answer in time; the file's timer brings it back.
    case unrecorded
}
