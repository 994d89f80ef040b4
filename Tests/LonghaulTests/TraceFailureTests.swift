import Foundation
import FoundationNetworking
import TestServers
import Testing

@testable import longhaul

@Suite("Traces, when something is wrong,", .needsServers, .serialized, .timeLimit(.minutes(4))) struct TraceFailureTests {
    /// The value of a counter on the page of metrics.
    private static func count(_ series: String, _ port: Int) async throws -> Int {
        let (data, _) = try await URLSession.shared.data(from: #require(URL(string: "http://127.0.0.1:\(port)/metrics")))
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
    }

    @Test("hold nothing up while their collector is away: jobs complete, and spans are dropped and counted") func away() async throws {
        try await RoleTests.run { installation in
            // Discard, where nobody listens.
            let away = [
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_BSP_MAX_QUEUE_SIZE": "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2",
            ]
            let roles = [
                try installation.start(["orchestrator"], setting: away.merging(["LONGHAUL_LOG_FORMAT": "json"]) { $1 }),
                try installation.start(["worker"], setting: away),
            ]
            let done = try await installation.longhaul(
                "submit", "acme", "--id", "a", "--parameters", #"{"files":3}"#, "--wait", setting: away)
            #expect(done.status == 0, "\(done.errors)")
            let port = try await roles[0].healthPort()
            try await eventually(within: Installation.deadline, "spans are dropped, and failures counted") {
                let dropped = try await Self.count(#"longhaul_spans_total{outcome="dropped"}"#, port)
                let failed = try await Self.count(#"longhaul_span_exports_failed_total{reason="connect"}"#, port)
                return dropped > 0 && failed > 0
            }
            let begun = ContinuousClock.now
            for role in roles {
                role.send(SIGTERM)
                let ended = try await role.end(within: Installation.deadline)
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(ended.errors.components(separatedBy: "spans are not exported").count == 2, "one warning: \(ended.errors)")
            }
            #expect(ContinuousClock.now - begun < .seconds(30))
        }
    }

    @Test("are off without an endpoint, and a bad variable is named in one line") func variables() async throws {
        try await Installation.run { installation in
            let collector = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"]
            let bad = [
                ["OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"], ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://u:s3cret@c:4318"],
                ["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"], ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"],
                ["OTEL_TRACES_SAMPLER": "some"],
                ["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"], ["OTEL_PROPAGATORS": "b3"],
                ["OTEL_BSP_MAX_QUEUE_SIZE": "0"], ["OTEL_EXPORTER_OTLP_HEADERS": "s3cret"], ["OTEL_TRACES_EXPORTER": "zipkin"],
                ["OTEL_SDK_DISABLED": "yes"], ["OTEL_EXPORTER_OTLP_TIMEOUT": "10s"], ["OTEL_RESOURCE_ATTRIBUTES": "a"],
                ["OTEL_EXPORTER_OTLP_COMPRESSION": "brotli"],
            ]
            for change in bad {
                let ended = try await installation.longhaul("worker", setting: collector.merging(change) { $1 })
                #expect(ended.status == 64, "\(change): \(ended.errors)")
                let problem = try ended.problem(), name = try #require(change.keys.sorted().last)
                #expect(problem.contains(name) && !problem.contains("s3cret"), "\(problem)")
            }
            for off in [
                [:], collector.merging(["OTEL_SDK_DISABLED": "true"]) { $1 }, collector.merging(["OTEL_TRACES_EXPORTER": "none"]) { $1 },
            ] {
                let settings = try await Settings.load(file: nil, environment: off)
                #expect(try settings.traces("test", on: .init(name: "unused"), logger: Terminal.quietLogger)?.http == nil)
            }
        }
    }
}
