import Callbacks
import Encoding
import HTTPClient
import Instruments
import OpenTelemetry
import Orchestrator
import RabbitMQ
import Redis
import Telemetry
import Worker

/// All metrics that services serve.
enum MetricCatalogue {
    /// What every service measures.
    static let ofEveryRole: [Instrument] = [
        Build.instruments, LoopLag.instruments, HTTPClientMetrics.instruments, RabbitMQMetrics.instruments, RedisMetrics.instruments,
        PrometheusRegistry.instruments, SpanMetrics.instruments,
    ].flatMap(\.self)

    /// Each metric once, by name, with the services that serve it.
    static var entries: [Entry] {
        let roles = [
            ("orchestrator", OrchestratorService.instruments + ProviderReload.instruments),
            ("callbacks", CallbackServer.instruments),
            ("worker", WorkerService.instruments + ProviderReload.instruments),
        ]
        var entries: [String: Entry] = [:]
        for (role, own) in roles {
            for instrument in ofEveryRole + own { entries[instrument.name, default: Entry(instrument: instrument)].roles.append(role) }
        }
        return entries.values.sorted { $0.instrument.name < $1.instrument.name }
    }

    struct Entry {
        let instrument: Instrument
        var roles: [String] = []
    }

    /// The table of ops/docs/metrics.md.
    static var markdown: String {
        let head = ["| metric | kind | labels | of | what |", "|---|---|---|---|---|"]
        let rows = entries.map { entry in
            let instrument = entry.instrument
            let labels = instrument.labels.isEmpty ? "–" : instrument.labels.map { "`\($0)`" }.joined(separator: ", ")
            let roles = entry.roles.count == 3 ? "all" : entry.roles.joined(separator: ", ")
            return "| `\(instrument.name)` | \(instrument.kind.rawValue) | \(labels) | \(roles) | \(instrument.help) |"
        }
        return (head + rows).joined(separator: "\n")
    }

    /// One object for each metric, on a line.
    static var json: String {
        let objects = entries.map { entry -> String in
            var json = JSONWriter()
            json.object { json in
                json.field("name", entry.instrument.name)
                json.field("kind", entry.instrument.kind.rawValue)
                json.array("labels") { json in entry.instrument.labels.forEach { json.field(nil, $0) } }
                json.array("roles") { json in entry.roles.forEach { json.field(nil, $0) } }
                json.field("help", entry.instrument.help)
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }
        return objects.joined(separator: "\n")
    }
}
