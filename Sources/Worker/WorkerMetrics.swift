import Instruments
import Lifecycle
import Metrics

/// What a worker measures. `LifecycleMetrics` holds what is counted of jobs, wherever they are changed.
struct WorkerMetrics: Sendable, Instrumented {
    private static let attempts = CounterInstrument(
        "longhaul_transfers_total", "outcome",
        help:
            "Attempts at a file that have ended: `stored`; `retried`, `failed`; `exhausted` before the attempt; `lease-lost`; `handed-back` by a "
            + "shutdown; `unrecorded`, because the store was away.")
    private static let bytes = CounterInstrument(
        "longhaul_transfer_bytes_total", "direction", help: "Bytes of files as `received`, and of objects `stored` under their final names."
    )
    private static let durations = TimerInstrument(
        "longhaul_transfer_seconds", help: "From the claim of a file until its outcome is stored.",
        bounds: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 7200])
    private static let running = GaugeInstrument("longhaul_transfers_active", help: "Transfers and manifests in progress.")
    private static let places = GaugeInstrument("longhaul_transfers_limit", help: "Transfers that may be in progress at once.")
    private static let again = CounterInstrument(
        "longhaul_files_retried_total", "code", help: "Attempts after which another one follows, by the code of the failure.")
    private static let links = CounterInstrument(
        "longhaul_file_links_refreshed_total", help: "Expired links that were replaced by a fresh one.")
    private static let manifests = CounterInstrument(
        "longhaul_manifests_total", "outcome",
        help:
            "Manifests: `written`; `stale`, because the job changed meanwhile or the store was away; `failed`, and the job's timer brings it back."
    )

    static var instruments: [Instrument] {
        [
            attempts.instrument, bytes.instrument, durations.instrument, running.instrument, places.instrument, again.instrument,
            links.instrument, manifests.instrument,
        ]
    }

    let received = Self.bytes("received"), stored = Self.bytes("stored")
    let duration = Self.durations()
    let active = Self.running(), limit = Self.places()
    let refreshed = Self.links()
    let leasesExtended: Counter
    let manifestsWritten = Self.manifests("written"), manifestsStale = Self.manifests("stale"), manifestsFailed = Self.manifests("failed")
    private let outcomes = Self.attempts.each(of: TransferLabel.self)

    init(_ shared: LifecycleMetrics) { leasesExtended = shared.extendedFiles }

    func count(_ label: TransferLabel) { outcomes[label]?.increment() }
    func countRetry(_ code: String) { Self.again(code).increment() }
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
