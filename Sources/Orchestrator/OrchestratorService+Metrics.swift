import JobStore
import Lifecycle
import Telemetry

extension OrchestratorService {
    /// Registers help texts and buckets for the metrics page. Call it before the service is created.
    public static func describeMetrics(in registry: PrometheusRegistry) {
        LifecycleMetrics.describe(in: registry)
        registry.describe("longhaul_jobs", help: "Jobs by status.")
        registry.describe("longhaul_download_line_jobs", help: "Jobs whose files wait for their turn.")
        registry.describe("longhaul_jobs_admitted_total", help: "Jobs taken in.")
        registry.describe("longhaul_jobs_known_total", help: "Messages of a job that was known already.")
        registry.describe("longhaul_creates_total", help: "Requests that create an export.")
        registry.describe("longhaul_checks_total", help: "Status checks.")
        registry.describe("longhaul_listings_total", help: "Pages of file lists.")
        registry.describe("longhaul_wakes_total", help: "Wakes: messages published, and wakes refused, malformed or stale.")
        registry.describe("longhaul_requests_held_total", help: "Claims postponed because their provider must not be asked yet.")
        registry.describe("longhaul_in_flight", help: "Wakes and creations in progress.")
        registry.describe(
            "longhaul_timer_lateness_seconds", help: "From the time at which a timer was due to its claim.",
            buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300])
    }

    /// Adds the number of jobs by status, and of those in the download line, to the metrics page, read from the store at each scrape.
    public static func collectJobs(of store: JobStore, in registry: PrometheusRegistry) {
        registry.collect("jobs") {
            try await store.counts().map { status, count in
                MetricSample("longhaul_jobs", labels: [("status", status.rawValue)], value: Double(count))
            }
        }
        registry.collect("download line") {
            try await store.downloadLine().map { priority, count in
                MetricSample("longhaul_download_line_jobs", labels: [("priority", priority.rawValue)], value: Double(count))
            }
        }
    }
}
