import Metrics

/// Created once a client.
struct RedisMetrics {
    /// Commands sent, those of pipelines and scripts each counted.
    let commands = Counter(label: "longhaul_redis_commands_total")
    /// Connections established after one was lost.
    let reconnects = Counter(label: "longhaul_redis_reconnects_total")
}
