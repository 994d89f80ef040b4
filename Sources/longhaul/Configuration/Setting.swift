/// A setting: its name in the environment and in the YAML file, its meaning and its default.
struct Setting: Sendable {
    let name: String
    let form: String
    let standard: String?
    let help: String

    init(_ name: String, _ form: String, _ standard: String?, _ help: String) {
        self.name = name
        self.form = form
        self.standard = standard
        self.help = help
    }

    /// All settings. `longhaul settings` prints them, and `ops/docs/settings.md` contains the same table.
    static let all: [Setting] = [
        Setting(
            "LONGHAUL_RABBITMQ_URL", "URL,…", "amqp://guest:guest@127.0.0.1:5672/%2F",
            "the broker, or several brokers of one cluster; amqps:// for TLS"),
        Setting("LONGHAUL_RABBITMQ_CA_FILE", "FILE", nil, "trusted certificate authorities for amqps://, PEM; unset: those of the system"),
        Setting("LONGHAUL_RABBITMQ_CERTIFICATE_FILE", "FILE", nil, "client certificate for amqps://, PEM"),
        Setting("LONGHAUL_RABBITMQ_KEY_FILE", "FILE", nil, "private key of that certificate, PEM"),
        Setting(
            "LONGHAUL_REDIS_URL", "URL", "redis://127.0.0.1:6379/0", "the store; rediss:// for TLS, in builds with hiredis 1.0 or newer"),
        Setting("LONGHAUL_REDIS_CA_FILE", "FILE", nil, "trusted certificate authorities for rediss://, PEM; unset: those of the system"),
        Setting("LONGHAUL_REDIS_CERTIFICATE_FILE", "FILE", nil, "client certificate for rediss://, PEM"),
        Setting("LONGHAUL_REDIS_KEY_FILE", "FILE", nil, "private key of that certificate, PEM"),
        Setting("LONGHAUL_PROVIDERS", "PATH,…", "providers", "provider files, or folders of them"),
        Setting(
            "LONGHAUL_SECRETS_KEY", "KEY,…", nil,
            "encrypts sessions of providers in the store: base64 of 32 bytes (openssl rand -base64 32); further keys only decrypt; unset: each process signs in for itself"
        ),
        Setting(
            "LONGHAUL_WEBHOOK_SECRETS", "SECRET,…", nil,
            "signs webhooks that job messages ask for: whsec_ and base64 of 24 to 64 bytes; all of them sign; unset: such jobs are refused"),
        Setting(
            "LONGHAUL_CALLBACK_URL", "URL", nil,
            "where APIs reach longhaul callbacks: https://HOST/PATH; provider files give it to their API as {{ .callback.url }}"),
        Setting(
            "LONGHAUL_CALLBACK_SECRET", "SECRET", nil,
            "makes the callback URL of each job unguessable: 24 bytes or more (openssl rand -base64 32); the same in orchestrators and callbacks"
        ),
        Setting("LONGHAUL_CALLBACK_HOST", "ADDRESS", "127.0.0.1", "address on which longhaul callbacks listens"),
        Setting("LONGHAUL_CALLBACK_PORT", "PORT", "8085", "port on which longhaul callbacks listens; 0: any free port"),
        Setting("LONGHAUL_OUTPUT", "URL", nil, "where finished files are stored: s3://BUCKET/PREFIX or file:///FOLDER"),
        Setting(
            "LONGHAUL_EGRESS", "public|any|RANGE,…", "public",
            "addresses that provider requests may reach: public, any, or public and these ranges (10.0.0.0/8)"),
        Setting("LONGHAUL_CA_FILE", "FILE", nil, "trusted certificate authorities for https://, PEM; unset: those of the system"),
        Setting(
            "HTTPS_PROXY", "URL", nil,
            "proxy of requests to https URLs: http://USER:PASSWORD@HOST:PORT; LONGHAUL_EGRESS applies all the same"),
        Setting("HTTP_PROXY", "URL", nil, "proxy of requests to http URLs"),
        Setting("NO_PROXY", "HOST,…", nil, "hosts, domains and addresses that are reached without a proxy; *: all"),
        Setting("LONGHAUL_LEASE", "TIME", "30s", "how long a claim lasts before another process may take over the work"),
        Setting("LONGHAUL_WATCHDOG", "TIME", "60s", "how long files may wait for a worker before their messages count as lost"),
        Setting("LONGHAUL_TICK", "TIME", "50ms", "how often a process looks for timers that others set; at least 250ms if it runs alone"),
        Setting("LONGHAUL_KEEP", "TIME", "7d", "how long the store keeps a finished job"),
        Setting("LONGHAUL_PARTITIONS", "N", "16", "number of store partitions, fixed by the first setup"),
        Setting("LONGHAUL_WAKES_IN_FLIGHT", "N", "2000", "concurrent status checks per orchestrator"),
        Setting("LONGHAUL_CREATES_IN_FLIGHT", "N", "128", "concurrent creates per orchestrator"),
        Setting("LONGHAUL_MAX_FILES", "N", "100000", "maximum number of files per export"),
        Setting("LONGHAUL_TRANSFERS", "N", "32", "concurrent transfers per worker; each uses up to 24 MiB of memory"),
        Setting("LONGHAUL_MAX_UNPACKED_BYTES", "N", "1099511627776", "maximum unpacked size of one file in bytes"),
        Setting("LONGHAUL_MAX_ENTRIES", "N", "20000", "maximum number of entries per archive"),
        Setting(
            "LONGHAUL_SPOOL", "FOLDER", "/var/tmp",
            "folder on a disk where a worker keeps small entries of large archives until they are verified"),
        Setting("LONGHAUL_MAX_SPOOL_BYTES", "N", "17179869184", "maximum spool size per file in bytes"),
        Setting(
            "LONGHAUL_STALE_UPLOADS", "TIME", "24h",
            "partial uploads older than this are removed; set it longer than any transfer takes"),
        Setting("LONGHAUL_SHUTDOWN_GRACE", "TIME", "20s", "how long a shutdown waits for work in progress"),
        Setting(
            "LONGHAUL_EVENTS", "all|none", "all",
            "which events are published to longhaul.events; for all processes, as the last orchestrator to start says"),
        Setting(
            "LONGHAUL_TRAIL", "all|none", "all",
            "which jobs' whole histories go to LONGHAUL_OUTPUT; for all processes, as the last orchestrator to start says"),
        Setting("LONGHAUL_NAME", "NAME", nil, "unique name of this process; unset: host name and process id"),
        Setting("LONGHAUL_HEALTH_HOST", "ADDRESS", "127.0.0.1", "address that serves health and metrics"),
        Setting(
            "LONGHAUL_HEALTH_PORT", "PORT", nil,
            "port that serves health and metrics; unset: 8081 orchestrator, 8082 worker, 8083 sandbox, 8084 callbacks; 0: any free port"),
        Setting("LONGHAUL_LOG_LEVEL", "LEVEL", "info", "lowest level to log: trace, debug, info, notice, warning, error or critical"),
        Setting("LONGHAUL_LOG_FORMAT", "json|text", "json", "one JSON object per line, or readable text"),
        Setting("AWS_ACCESS_KEY_ID", "ID", nil, "access key for s3://"),
        Setting("AWS_SECRET_ACCESS_KEY", "SECRET", nil, "secret key for s3://"),
        Setting("AWS_SESSION_TOKEN", "TOKEN", nil, "session token of temporary credentials for s3://"),
        Setting("AWS_REGION", "REGION", "us-east-1", "region of the bucket"),
        Setting("AWS_ENDPOINT_URL_S3", "URL", nil, "endpoint of an S3-compatible server; unset: AWS"),
        Setting("AWS_CA_BUNDLE", "FILE", nil, "trusted certificate authorities for s3://, PEM; unset: LONGHAUL_CA_FILE"),
        Setting(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "URL", nil, "collector of traces, http://HOST:4318; /v1/traces is appended; unset: no traces"),
        Setting("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "URL", nil, "the same as a whole URL, and counts over it"),
        Setting("OTEL_EXPORTER_OTLP_HEADERS", "KEY=VALUE,…", nil, "headers of requests to the collector, percent-encoded"),
        Setting("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "KEY=VALUE,…", nil, "the same, and counts over it"),
        Setting(
            "OTEL_EXPORTER_OTLP_CERTIFICATE", "FILE", nil, "trusted certificate authorities for the collector, PEM; unset: LONGHAUL_CA_FILE"
        ),
        Setting("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "http/protobuf", "the only one that is supported"),
        Setting("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf", nil, "the same, and counts over it"),
        Setting("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip|none", "none", "of requests to the collector"),
        Setting("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip|none", nil, "the same, and counts over it"),
        Setting("OTEL_EXPORTER_OTLP_TIMEOUT", "MS", "10000", "milliseconds for one request to the collector"),
        Setting("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "MS", nil, "the same, and counts over it"),
        Setting("OTEL_TRACES_EXPORTER", "otlp|none", "otlp", "none: no traces, whatever the endpoint"),
        Setting(
            "OTEL_TRACES_SAMPLER", "NAME", "parentbased_always_on",
            "which traces are recorded: always_on, always_off, traceidratio, or parentbased_ and one of these"),
        Setting("OTEL_TRACES_SAMPLER_ARG", "0…1", nil, "with traceidratio: how many of all; unset: 1"),
        Setting("OTEL_PROPAGATORS", "tracecontext", "tracecontext", "how contexts travel; baggage is accepted and not used"),
        Setting(
            "OTEL_SERVICE_NAME", "NAME", nil,
            "name of the service in traces; unset: longhaul-orchestrator, longhaul-worker or longhaul-submit"),
        Setting(
            "OTEL_RESOURCE_ATTRIBUTES", "KEY=VALUE,…", nil, "what else traces say of the process, such as deployment.environment.name=prod"),
        Setting("OTEL_BSP_SCHEDULE_DELAY", "MS", "5000", "milliseconds that a span waits for others"),
        Setting("OTEL_BSP_EXPORT_TIMEOUT", "MS", "30000", "milliseconds for a batch with all its attempts; then its spans are dropped"),
        Setting("OTEL_BSP_MAX_QUEUE_SIZE", "N", "2048", "spans that may wait; further ones are dropped"),
        Setting("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "N", "512", "the most spans of a request"),
        Setting("OTEL_SDK_DISABLED", "true|false", "false", "true: no traces"),
    ]

    /// Settings that may hold a secret can also be read from the file that NAME_FILE names.
    static let secrets: Set<String> = [
        "LONGHAUL_RABBITMQ_URL", "LONGHAUL_REDIS_URL", "LONGHAUL_SECRETS_KEY", "LONGHAUL_WEBHOOK_SECRETS",
        "LONGHAUL_CALLBACK_SECRET", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN", "HTTPS_PROXY", "HTTP_PROXY", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    ]

    static func named(_ name: String) -> Setting? { all.first { $0.name == name } }

    /// The reference table in Markdown.
    static var reference: String {
        var lines = ["| setting | form | default | meaning |", "|---|---|---|---|"]
        for setting in all {
            let form = setting.form.replacing("|", with: "\\|")
            lines.append("| `\(setting.name)` | \(form) | \(setting.standard.map { "`\($0)`" } ?? "–") | \(setting.help) |")
        }
        return lines.joined(separator: "\n")
    }
}
