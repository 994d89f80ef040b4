import Instruments
import Foundation
import Logging
import Metrics
import ServiceLifecycle
import Synchronization
import TestServers
import Testing

@testable import Telemetry

@Suite("Health server, over a real socket", .timeLimit(.minutes(2)))
struct HealthServerTests {
    private let registry = PrometheusRegistry()

    /// Runs the server while `body` sends requests, then shuts it down gracefully.
    private func serving(
        checks: [HealthCheck] = [], readiness: [HealthCheck] = [], deadline: Duration = .seconds(5), body: (Int) async throws -> Void
    ) async throws {
        let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        let server = HealthServer(
            host: "127.0.0.1", port: 0, checks: checks, readiness: readiness, registry: registry, deadline: deadline, logger: silent)
        let group = ServiceGroup(configuration: .init(services: [server], logger: silent))
        let running = Task { try await group.run() }
        do {
            try await body(try await server.port)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    @Test("healthz is 200 while all checks are healthy, 503 when one is not, and lists each")
    func health() async throws {
        let isBroken = Mutex(false)
        let checks = [
            HealthCheck("first") { .healthy("fine \"really\"") },
            HealthCheck("second") { isBroken.withLock { $0 } ? .unhealthy("stuck") : .healthy("turns") },
        ]
        try await serving(checks: checks) { port in
            let healthy = try await HTTPAnswer(port: port, path: "/healthz")
            #expect(healthy.status == 200)
            #expect(healthy.headers["content-type"] == "application/json")
            #expect(try healthy.json["status"] as? String == "ok")
            isBroken.withLock { $0 = true }
            let broken = try await HTTPAnswer(port: port, path: "/healthz")
            #expect(broken.status == 503)
            #expect(try broken.json["status"] as? String == "failing")
            let entries = try #require(try broken.json["checks"] as? [[String: Any]])
            #expect(entries.map { $0["name"] as? String } == ["first", "second"])
            #expect(entries.map { $0["ok"] as? Bool } == [true, false])
            #expect(entries.map { $0["detail"] as? String } == ["fine \"really\"", "stuck"])
            #expect(try await HTTPAnswer(port: port, path: "/readyz").status == 200)
            #expect(try await HTTPAnswer(port: port, path: "/nothing").status == 404)
        }
    }

    @Test("readyz has its own checks")
    func readiness() async throws {
        try await serving(readiness: [HealthCheck("redis") { .unhealthy("connects") }]) { port in
            let ready = try await HTTPAnswer(port: port, path: "/readyz")
            let healthy = try await HTTPAnswer(port: port, path: "/healthz")
            #expect(ready.status == 503)
            #expect(healthy.status == 200)
        }
    }

    @Test("a hanging check is unhealthy after the deadline, is not started twice, and does not delay the others")
    func hanging() async throws {
        let starts = Mutex(0)
        let checks = [
            HealthCheck("hanging") {
                starts.withLock { $0 += 1 }
                // Ignores cancellation, as code that waits for a C library may do.
                await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
                return .healthy("never")
            },
            HealthCheck("good") { .healthy("fine") },
        ]
        try await serving(checks: checks, deadline: .milliseconds(100)) { port in
            for _ in 0..<3 {
                let answer = try await HTTPAnswer(port: port, path: "/healthz")
                #expect(answer.status == 503)
                let entries = try #require(try answer.json["checks"] as? [[String: Any]])
                #expect(entries.map { $0["ok"] as? Bool } == [false, true])
                #expect((entries[0]["detail"] as? String)?.hasPrefix("no result within ") == true)
            }
        }
        #expect(starts.withLock { $0 } == 1)
    }

    @Test("a loop that stops turning is detected, and so is one that turns again")
    func progress() async throws {
        let monitor = ProgressMonitor()
        let check = HealthCheck.progress(of: "scheduler", monitor, within: .milliseconds(500))
        try await serving(checks: [check]) { port in
            try await eventually(within: .seconds(10), "a loop that turns is healthy") {
                monitor.beat()
                return try await HTTPAnswer(port: port, path: "/healthz").status == 200
            }
            try await eventually(within: .seconds(10), "a stalled loop is unhealthy") {
                try await HTTPAnswer(port: port, path: "/healthz").status == 503
            }
            monitor.rest()
            #expect(try await HTTPAnswer(port: port, path: "/healthz").status == 200)
            #expect(monitor.age == .zero)
        }
    }

    @Test("metrics can be read by Prometheus")
    func metrics() async throws {
        registry.describe([CounterInstrument("odd", "path", help: "A line\nand a \\.").instrument])
        Counter(label: "odd", dimensions: [("path", "C:\\x\"\n")], factory: registry).increment(by: 5)
        for value in [0.0001, 0.3, 1e9] { Metrics.Timer(label: "spread", factory: registry).recordSeconds(value) }
        Recorder(label: "sizes", dimensions: [("a", "b")], factory: registry).record(3)
        try await serving { port in
            let answer = try await HTTPAnswer(port: port, path: "/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let exposition = try ExpositionText(answer.body)
            #expect(exposition.samples[#"odd{path="C:\\x\"\n"}"#] == 5)
            #expect(exposition.samples["spread_seconds_count"] == 3)
            #expect(exposition.types["process_open_fds"] == "gauge")
        }
    }

    @Test("a port in use is an error that names it, for run and for callers that wait for the port")
    func taken() async throws {
        try await serving { port in
            let second = HealthServer(
                host: "127.0.0.1", port: port, checks: [], registry: registry,
                logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() })
            let waiting = Task { try await second.port }
            let error = await #expect(throws: HealthServerError.self) { try await second.run() }
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
            await #expect(throws: HealthServerError.self) { try await waiting.value }
        }
    }

    @Test("an open connection without a request does not delay the shutdown")
    func shutdown() async throws {
        var idle: IdleConnection?
        let elapsed = try await ContinuousClock().measure {
            try await serving { port in
                idle = try IdleConnection(port: port)
                #expect(try await HTTPAnswer(port: port, path: "/healthz").status == 200)
            }
        }
        idle?.close()
        #expect(elapsed < .seconds(10))
    }
}
