import Crypto
import Foundation
import TestServers
import Testing
import TraceContext

@testable import longhaul

@Suite("Traces", .needsServers, .serialized, .timeLimit(.minutes(4))) struct TraceTests {
    typealias Span = TraceCollector.Span

    /// What one job leaves behind.
    struct Run {
        let spans: [Span]
        let requests: [StubRequest]
        let logs: String
        let collected: String
        let bucket: String

        /// The spans of the job's own trace.
        var own: [Span] { spans.filter { $0.trace == TraceTests.traceID } }

        func one(_ name: String, below parent: Span? = nil) throws -> Span {
            let found = own.filter { $0.name == name && (parent == nil || $0.parent == parent?.id) }
            try #require(found.count == 1, "\(name): \(found.count) in \(own.map(\.name))")
            return found[0]
        }

        func all(_ name: String) -> [Span] { own.filter { $0.name == name } }
    }

    /// A job's trace without a submitter's is found by its id.
    static let traceID = String(SHA256.hash(data: Data("traced".utf8)).map { String(format: "%02x", $0) }.joined().prefix(32))

    /// Runs a job through all processes, into a bucket.
    /// - Parameters:
    ///   - change: of all processes.
    ///   - submission: of `longhaul submit` alone.
    static func job(
        setting change: [String: String] = [:], submission: [String: String] = [:], _ body: (Run) throws -> Void
    ) async throws {
        let api = try TracedAPI()
        defer { api.server.stop() }
        try await TraceCollector.run { collector in
            try await Installation.run { installation in
                var installation = installation
                let bucket = "traces-\(UUID().uuidString.lowercased())"
                installation.environment.merge(TracedAPI.environment) { $1 }
                installation.environment.merge([
                    "LONGHAUL_OUTPUT": "s3://\(bucket)/out", "AWS_ENDPOINT_URL_S3": try SharedServers.s3Endpoint,
                    "AWS_ACCESS_KEY_ID": "testing",
                    "AWS_SECRET_ACCESS_KEY": "testing", "OTEL_BSP_SCHEDULE_DELAY": "100", "LONGHAUL_LOG_FORMAT": "json",
                    "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=se%20cret",
                    "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
                ]) { $1 }
                installation.environment.merge(change) { $1 }
                _ = try installation.write(api.providerFile, to: "providers/acme.yaml")
                let setup = try await installation.longhaul("setup", "--create-bucket")
                #expect(setup.status == 0, "\(setup.errors)")
                let roles = [try installation.start(["orchestrator"]), try installation.start(["worker"])]
                let done = try await installation.longhaul(
                    "submit", "acme", "--id", "traced", "--wait", "--no-check", setting: submission)
                #expect(done.status == 0, "\(done.errors)")
                var logs = ""
                for role in roles {
                    role.send(SIGTERM)
                    let ended = try await role.end(within: Installation.deadline)
                    #expect(ended.status == 0, "\(ended.errors)")
                    logs += ended.errors
                }
                // The roles have sent what was left before they ended.
                try body(
                    Run(spans: try collector.spans(), requests: api.requests, logs: logs, collected: try collector.output, bucket: bucket))
            }
        }
    }

    @Test("join all steps of a job, from its submission to its manifest") func wholeJob() async throws {
        try await Self.job { run in
            try Self.expectSteps(run)
            try Self.expectBatches(run)
            try Self.expectTransfer(run)
            Self.expectStatements(of: run)
            try Self.expectPropagation(run)
        }
    }

    @Test("begin with the admission of a job that came without one, under an id that follows from the job's") func derived() async throws {
        try await Self.job(submission: ["OTEL_SDK_DISABLED": "true"]) { run in
            let admitted = try run.one("process longhaul.jobs.normal")
            #expect(admitted.parent == "" && admitted.id == "\(TraceContext(derivedFrom: "traced", flags: 1).spanID)")
            for name in ["create acme", "process longhaul.downloads.normal", "manifest acme"] {
                #expect(try run.one(name).parent == admitted.id)
            }
            #expect(run.all("check acme").allSatisfy { $0.parent == admitted.id })
            try Self.expectPropagation(run)
        }
    }

    @Test("continue the trace of the submitter's environment") func continued() async throws {
        let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        try await Self.job(setting: ["OTEL_TRACES_SAMPLER": "parentbased_always_off"], submission: ["TRACEPARENT": caller]) { run in
            let spans = run.spans.filter { $0.trace == "4bf92f3577b34da6a3ce929d0e0e4736" }
            #expect(spans.first { $0.name == "publish longhaul.jobs.normal" }?.parent == "00f067aa0ba902b7")
            #expect(Set(spans.map(\.name)).isSuperset(of: ["create acme", "check acme", "list acme", "unpack", "manifest acme"]))
            #expect(run.own.isEmpty)
        }
    }

    @Test("that are not sampled leave nothing behind, not in requests either") func unsampled() async throws {
        try await Self.job(setting: ["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"]) { run in
            #expect(run.spans.isEmpty)
            #expect(run.requests.count == 5 && run.requests.allSatisfy { $0.headers["traceparent"] == nil })
            #expect(!run.logs.contains("trace_id"))
        }
    }

    private static func expectSteps(_ run: Run) throws {
        let published = try run.one("publish longhaul.jobs.normal"), admitted = try run.one("process longhaul.jobs.normal")
        #expect((published.kind, published.parent) == ("producer", ""))
        #expect((admitted.kind, admitted.parent) == ("consumer", published.id))
        #expect(admitted["messaging.system"] == "rabbitmq" && admitted["messaging.destination.name"] == "longhaul.jobs.normal")
        #expect(admitted["messaging.operation.name"] == "process" && admitted["messaging.operation.type"] == "process")
        #expect(published["messaging.operation.name"] == "publish" && published["messaging.operation.type"] == "send")
        #expect(admitted["messaging.message.id"] == "traced" && admitted["longhaul.job.id"] == "traced")
        let created = try run.one("create acme")
        #expect((created.kind, created.parent) == ("internal", published.id))
        let post = try run.one("POST", below: created)
        #expect(post.kind == "client" && post["http.response.status_code"] == 201 && post["http.request.method"] == "POST")
        #expect(post["server.address"] == "127.0.0.1")
        let apply = try run.one("EVALSHA apply", below: created)
        #expect(apply.kind == "client" && apply["db.system.name"] == "redis" && apply["db.stored_procedure.name"] == "apply")
        for span in run.spans {
            #expect(span.schema == "https://opentelemetry.io/schemas/1.44.0")
            #expect(span.resource["deployment.environment.name"] == "test")
            #expect(span.status.code == nil && span["error.type"] == nil, "\(span.name): \(span.attributes)")
        }
        let services = Set(run.own.map { $0.resource["service.name"] })
        #expect(services == ["longhaul-submit", "longhaul-orchestrator", "longhaul-worker"])
    }

    /// Checks are in the job's trace, and the messages that their wakes came in are not: they are about many jobs.
    private static func expectBatches(_ run: Run) throws {
        let published = try run.one("publish longhaul.jobs.normal"), checks = run.all("check acme")
        #expect(checks.count == 2)
        let batches = run.spans.filter { $0.name == "process longhaul.checks" }
        #expect(
            !batches.isEmpty && batches.allSatisfy { $0.trace != traceID && $0.parent == "" && $0["messaging.batch.message_count"] == 1 })
        #expect(batches.allSatisfy { $0.links == [Span.Link(trace: traceID, id: published.id)] })
        for check in checks {
            #expect(check.parent == published.id)
            let links = check.links
            #expect(batches.contains { links == [Span.Link(trace: $0.trace, id: $0.id)] })
            #expect(run.own.contains { $0.name == "GET" && $0.parent == check.id })
        }
    }

    private static func expectTransfer(_ run: Run) throws {
        let published = try run.one("publish longhaul.jobs.normal"), listed = try run.one("list acme")
        #expect(run.all("check acme").map(\.id).contains(listed.parent))
        _ = try run.one("GET", below: listed)
        let sent = try run.one("publish longhaul.downloads.normal", below: listed)
        #expect(sent.kind == "producer")
        let file = try run.one("process longhaul.downloads.normal")
        #expect((file.kind, file.parent) == ("consumer", published.id))
        #expect(file.links == [Span.Link(trace: traceID, id: sent.id)])
        #expect(file["longhaul.file"] == "rows.csv.gz" && file["longhaul.attempt"] == 1)
        let download = try run.one("GET", below: file)
        guard case .text(let url)? = download["url.full"] else { Issue.record("no url.full"); return }
        #expect(url.hasSuffix("/data/rows.csv.gz"))
        #expect(try run.one("unpack", below: file)["longhaul.compression"] == "gzip")
        let stored = try run.one("S3.PutObject", below: try run.one("upload", below: file))
        #expect(stored["aws.s3.bucket"] == .text(run.bucket) && stored["rpc.system.name"] == "aws-api")
        guard case .text(let key)? = stored["aws.s3.key"] else { Issue.record("no aws.s3.key"); return }
        #expect(key.hasPrefix("out/acme/") && key.hasSuffix("/traced/rows.csv"))
        _ = try run.one("PUT", below: stored)
        _ = try run.one("EVALSHA apply_file", below: file)
        let manifest = try run.one("S3.PutObject", below: try run.one("manifest acme"))
        guard case .text(let name)? = manifest["aws.s3.key"] else { Issue.record("no aws.s3.key"); return }
        #expect(name.hasSuffix("/traced/manifest.json"))
    }

    /// What a secret is, or may hold one, is nowhere.
    private static func expectStatements(of run: Run) {
        for secret in TracedAPI.secrets + ["testing\"", "?"] { #expect(!run.collected.contains(secret), "\(secret)") }
        #expect(run.collected.contains(#""x-api-key": "se cret""#))
        #expect(!run.logs.contains("se cret"))
        let lines = run.logs.split(separator: "\n").filter { $0.contains("job is COMPLETED") || $0.contains("job is POLLING") }
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains(#""trace_id":"\#(traceID)""#) && $0.contains(#""span_id":""#) })
    }

    private static func expectPropagation(_ run: Run) throws {
        #expect(run.requests.count == 5)
        for request in run.requests {
            let context = try #require(request.headers["traceparent"].flatMap { TraceContext(traceparent: $0) }, "\(request.line)")
            let span = try #require(run.own.first { $0.id == "\(context.spanID)" }, "\(request.line)")
            #expect("\(context.traceID)" == traceID && context.isSampled)
            #expect(span.kind == "client" && span.name == request.method)
        }
    }
}
