/// Where spans go, and how.
public struct TraceExportConfiguration: Sendable {
    /// An http or https URL, with its path.
    public var url: String
    /// May hold secrets, which are in no log and no span.
    public var headers: [(name: String, value: String)] = []
    /// Whether requests are compressed with gzip.
    public var compresses = false
    /// For one request (`OTEL_EXPORTER_OTLP_TIMEOUT`).
    public var requestTimeout = Duration.seconds(10)
    /// For a batch with all its attempts (`OTEL_BSP_EXPORT_TIMEOUT`).
    public var batchTimeout = Duration.seconds(30)
    /// The longest time that a span waits for others (`OTEL_BSP_SCHEDULE_DELAY`).
    public var delay = Duration.seconds(5)
    /// For what is left at a shutdown.
    public var shutdownTimeout = Duration.seconds(3)
    /// What is known of this process: `service.name` and so on.
    public var resource: [(key: String, value: String)] = []
    /// Of the program.
    public var version = ""

    public init(url: String) { self.url = url }
}
