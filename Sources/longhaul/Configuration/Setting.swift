/// A setting: its name in the environment and in the YAML file, what it means, and what it is when nobody says anything.
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

    /// Every setting. `longhaul settings` prints them, and `ops/docs/settings.md` is that text.
    static let all: [Setting] = [
        Setting(
            "LONGHAUL_RABBITMQ_URL", "URL,…", "amqp://guest:guest@127.0.0.1:5672/%2F",
            "the broker, or several of a cluster; amqps:// for TLS"),
        Setting("LONGHAUL_RABBITMQ_CA_FILE", "FILE", nil, "the authorities to trust for amqps://, PEM; the system's without it"),
        Setting("LONGHAUL_RABBITMQ_CERTIFICATE_FILE", "FILE", nil, "the client's certificate for amqps://, PEM"),
        Setting("LONGHAUL_RABBITMQ_KEY_FILE", "FILE", nil, "the key of that certificate, PEM"),
        Setting(
            "LONGHAUL_REDIS_URL", "URL", "redis://127.0.0.1:6379/0", "the store; rediss:// for TLS, in builds with hiredis 1.0 or newer"),
        Setting("LONGHAUL_REDIS_CA_FILE", "FILE", nil, "the authorities to trust for rediss://, PEM; the system's without it"),
        Setting("LONGHAUL_REDIS_CERTIFICATE_FILE", "FILE", nil, "the client's certificate for rediss://, PEM"),
        Setting("LONGHAUL_REDIS_KEY_FILE", "FILE", nil, "the key of that certificate, PEM"),
        Setting("LONGHAUL_PROVIDERS", "PATH,…", "providers", "folders of provider files, or single ones"),
        Setting("LONGHAUL_OUTPUT", "URL", nil, "where finished files go: s3://BUCKET/PREFIX or file:///FOLDER"),
        Setting(
            "LONGHAUL_EGRESS", "public|any|RANGE,…", "public",
            "addresses that provider requests may go to: public ones, any, or public ones and these ranges (10.0.0.0/8)"),
        Setting("LONGHAUL_CA_FILE", "FILE", nil, "the authorities to trust for https://, PEM; the system's without it"),
        Setting("LONGHAUL_LEASE", "TIME", "30s", "how long a claim holds before somebody else takes the work up"),
        Setting("LONGHAUL_WATCHDOG", "TIME", "60s", "how long files may wait without a worker before their messages count as lost"),
        Setting("LONGHAUL_TICK", "TIME", "50ms", "the longest sleep between two looks at the due timers"),
        Setting("LONGHAUL_KEEP", "TIME", "7d", "how long a finished job is remembered"),
        Setting("LONGHAUL_PARTITIONS", "N", "16", "partitions of the store, fixed by the first setup"),
        Setting("LONGHAUL_WAKES_IN_FLIGHT", "N", "2000", "status checks of an orchestrator at once"),
        Setting("LONGHAUL_CREATES_IN_FLIGHT", "N", "128", "creations of an orchestrator at once"),
        Setting("LONGHAUL_MAX_FILES", "N", "100000", "files of one export"),
        Setting("LONGHAUL_TRANSFERS", "N", "16", "transfers of a worker at once; each holds up to 24 MiB"),
        Setting("LONGHAUL_MAX_UNPACKED_BYTES", "N", "1099511627776", "bytes that one file may unpack to"),
        Setting("LONGHAUL_MAX_ENTRIES", "N", "20000", "entries of one archive"),
        Setting(
            "LONGHAUL_SPOOL", "FOLDER", "/var/tmp",
            "where a worker keeps small entries of large archives until they are verified; on a disk"),
        Setting("LONGHAUL_MAX_SPOOL_BYTES", "N", "17179869184", "bytes there for one file"),
        Setting(
            "LONGHAUL_STALE_UPLOADS", "TIME", "24h",
            "partial uploads this old belong to dead workers and are removed; longer than any transfer"),
        Setting("LONGHAUL_SHUTDOWN_GRACE", "TIME", "20s", "how long a shutdown waits for what is in hand"),
        Setting("LONGHAUL_NAME", "NAME", nil, "this process among its like; host and process id without it"),
        Setting("LONGHAUL_HEALTH_HOST", "ADDRESS", "127.0.0.1", "where health and metrics are served"),
        Setting("LONGHAUL_HEALTH_PORT", "PORT", nil, "their port: 8081 orchestrator, 8082 worker, 8083 sandbox; 0 takes a free one"),
        Setting("LONGHAUL_LOG_LEVEL", "LEVEL", "info", "trace, debug, info, notice, warning, error or critical"),
        Setting("LONGHAUL_LOG_FORMAT", "json|text", "json", "one JSON object a line, or text for people"),
        Setting("AWS_ACCESS_KEY_ID", "ID", nil, "credentials for s3://"),
        Setting("AWS_SECRET_ACCESS_KEY", "SECRET", nil, "the same"),
        Setting("AWS_SESSION_TOKEN", "TOKEN", nil, "the same, temporary ones"),
        Setting("AWS_REGION", "REGION", "us-east-1", "the region of the bucket"),
        Setting("AWS_ENDPOINT_URL_S3", "URL", nil, "another S3 than AWS's"),
        Setting("AWS_CA_BUNDLE", "FILE", nil, "the authorities to trust for s3://, PEM; LONGHAUL_CA_FILE without it"),
    ]

    /// Settings that may hold a secret can also be read from the file that NAME_FILE names.
    static let secrets: Set<String> = [
        "LONGHAUL_RABBITMQ_URL", "LONGHAUL_REDIS_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    ]

    static func named(_ name: String) -> Setting? { all.first { $0.name == name } }

    /// The reference as Markdown.
    static var reference: String {
        var lines = ["| setting | form | default | meaning |", "|---|---|---|---|"]
        for setting in all {
            let form = setting.form.replacing("|", with: "\\|")
            lines.append("| `\(setting.name)` | \(form) | \(setting.standard.map { "`\($0)`" } ?? "–") | \(setting.help) |")
        }
        return lines.joined(separator: "\n")
    }
}
