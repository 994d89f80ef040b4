import CoreMetrics
import Foundation
import HTTPClient
import MetricsTestKit
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("requests are counted by outcome and timed")
    func counts() async throws {
        let metrics = TestMetrics()
        MetricsSystem.bootstrap(metrics)
        let server = try RawServer(answering: { RawServer.response("x", status: $0.target == "/bad" ? "503 No" : "200 OK") })
        defer { server.stop() }
        try await withClient(HTTPClientConfiguration(name: "test-metrics", egress: .loopback)) { client async throws in
            for target in ["/", "/", "/bad"] { _ = try await client.send(HTTPRequest(.get, server.url + target)) }
            _ = await failure { try await client.send(HTTPRequest(.get, "http://10.0.0.1/")) }
        }
        func total(_ outcome: String) throws -> Int64 {
            try metrics.expectCounter("http_client_requests_total", [("client", "test-metrics"), ("outcome", outcome)]).totalValue
        }
        #expect(try total("2xx") == 2)
        #expect(try total("5xx") == 1)
        #expect(try total("refused-address") == 1)
        let timer = try metrics.expectTimer("http_client_request_duration_seconds", [("client", "test-metrics")])
        #expect(timer.values.count == 4)
        #expect(timer.values.allSatisfy { $0 > 0 })
    }
}
