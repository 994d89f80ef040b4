import EventThread
import Foundation
import HTTPClient
import Logging
import OpenTelemetry
import TraceContext
import Tracing

/// The traces of this process: what records spans, and what sends them.
struct ProcessTraces {
    let exporter: TraceExporter
    let http: HTTPClient

    /// For commands, which are no services: records and exports spans until `end`.
    func begin() -> Task<Void, Never> { Task { await exporter.run() } }

    func end(_ running: Task<Void, Never>) async {
        exporter.close()
        await running.value
        await http.shutdown(within: .zero)
    }
}

/// The variables of OpenTelemetry (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables and
/// …/protocol/exporter). An empty value counts as none. Those that this program knows are in the table of settings.
extension Settings {
    /// Turns traces on, if there is a collector to send them to.
    /// - Parameter role: the service, or the command.
    /// - Returns: `nil` while traces are off.
    func traces(_ role: String, on thread: EventThread, logger: Logger) throws -> ProcessTraces? {
        guard let url = try tracesURL() else { return nil }
        let sampler = try sampler()
        var configuration = TraceExportConfiguration(url: url)
        configuration.headers = try collectorHeaders()
        configuration.compresses = try otlp("COMPRESSION", ["gzip", "none"]) == "gzip"
        configuration.requestTimeout = try milliseconds(otlpName("TIMEOUT"), 1...600_000)
        configuration.batchTimeout = try milliseconds("OTEL_BSP_EXPORT_TIMEOUT", 1...3_600_000)
        configuration.delay = try milliseconds("OTEL_BSP_SCHEDULE_DELAY", 1...3_600_000)
        configuration.version = Build.version
        configuration.resource = try traceResource(role)
        try requireKnownProtocol()
        let limit = try number("OTEL_BSP_MAX_QUEUE_SIZE", 1...1_000_000)
        let batch = try number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1...100_000)
        guard batch <= limit else {
            throw Problem.usage("OTEL_BSP_MAX_EXPORT_BATCH_SIZE=\(batch): must be at most OTEL_BSP_MAX_QUEUE_SIZE, \(limit)")
        }
        let queue = SpanQueue(limit: limit, batch: batch)
        // The operator has named the collector, which is usually in a private network.
        let http = try httpClient("traces", egress: .all, caFile: text("OTEL_EXPORTER_OTLP_CERTIFICATE"), on: thread, logger: logger)
        InstrumentationSystem.bootstrap(OpenTelemetryTracer(sampler, queue: queue))
        Traces.turnOn(sampler)
        return ProcessTraces(exporter: TraceExporter(configuration, queue: queue, http: http, logger: logger), http: http)
    }

    /// The endpoint for traces as it is, or that for all signals with `/v1/traces` appended.
    private func tracesURL() throws -> String? {
        guard try !flag("OTEL_SDK_DISABLED"), try choice("OTEL_TRACES_EXPORTER", ["otlp", "none"]) == "otlp" else { return nil }
        let name =
            try text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == nil ? "OTEL_EXPORTER_OTLP_ENDPOINT" : "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
        guard let endpoint = try text(name) else { return nil }
        guard let url = URL(string: endpoint), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host()?.isEmpty == false,
            url.query() == nil, url.user() == nil
        else {
            // The value is not shown, because it may hold a password.
            throw Problem.usage("\(name): write http://HOST:4318 or https://HOST:4318, without user, password and query")
        }
        guard name == "OTEL_EXPORTER_OTLP_ENDPOINT" else { return endpoint }
        return endpoint + (endpoint.hasSuffix("/") ? "" : "/") + "v1/traces"
    }

    private func sampler() throws -> Sampler {
        let name = try required("OTEL_TRACES_SAMPLER")
        guard name.hasSuffix("traceidratio") else {
            guard let sampler = Sampler(name) else {
                throw Problem.usage("OTEL_TRACES_SAMPLER=\(name): must be one of \(Sampler.names.joined(separator: ", "))")
            }
            return sampler
        }
        let argument = try text("OTEL_TRACES_SAMPLER_ARG") ?? "1"
        guard let ratio = Double(argument), let sampler = Sampler(name, ratio: ratio) else {
            throw Problem.usage("OTEL_TRACES_SAMPLER_ARG=\(argument): must be a number from 0 to 1")
        }
        return sampler
    }

    private func requireKnownProtocol() throws {
        _ = try otlp("PROTOCOL", ["http/protobuf"])
        for name in try required("OTEL_PROPAGATORS").split(separator: ",") where !["tracecontext", "baggage", "none"].contains(name) {
            throw Problem.usage("OTEL_PROPAGATORS: \(name) is not supported; write tracecontext")
        }
    }
}
