import Metrics

/// Created once for each client.
struct RedisMetrics {
    /// Commands sent; commands of pipelines and scripts count individually.
    let commands = Counter(label: "longhaul_redis_commands_total")
    /// Connections established after a lost one.
    let reconnects = Counter(label: "longhaul_redis_reconnects_total")
}
