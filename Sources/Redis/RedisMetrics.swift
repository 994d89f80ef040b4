import Metrics

/// What clients of Redis measure, all together.
///
/// | metric | kind | labels | what |
/// |---|---|---|---|
/// | `longhaul_redis_commands_total` | counter | – | commands sent; commands of pipelines and scripts count individually |
/// | `longhaul_redis_reconnects_total` | counter | – | connections established after a lost one |
public struct RedisMetrics {
    /// Help texts for a metrics page.
    public static let help = [
        "longhaul_redis_commands_total": "Commands sent to Redis.",
        "longhaul_redis_reconnects_total": "Connections to Redis established after a lost one.",
    ]

    let commands = Counter(label: "longhaul_redis_commands_total")
    let reconnects = Counter(label: "longhaul_redis_reconnects_total")
}
