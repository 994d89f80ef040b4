import Lifecycle
import Telemetry

extension WorkerService {
    /// Registers help texts and buckets for the metrics page. Call it before the service is created.
    public static func describeMetrics(in registry: PrometheusRegistry) {
        LifecycleMetrics.describe(in: registry)
        registry.describe("longhaul_transfers_total", help: "Attempts at a file that have ended.")
        registry.describe("longhaul_transfer_bytes_total", help: "Bytes of files as served, and of objects that got their final name.")
        registry.describe("longhaul_transfers_active", help: "Transfers and manifests in progress.")
        registry.describe("longhaul_files_retried_total", help: "Attempts after which another one was scheduled.")
        registry.describe("longhaul_file_links_refreshed_total", help: "Expired links that were replaced by a fresh one.")
        registry.describe("longhaul_manifests_total", help: "Manifests written, stale or failed.")
        registry.describe(
            "longhaul_transfer_seconds", help: "From the claim of a file until its outcome is stored.",
            buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 7200])
    }
}
