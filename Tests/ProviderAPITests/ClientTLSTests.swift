import EventThread
import ExportCore
import HTTPClient
import Logging
import ProviderAPI
import TestServers
import Testing

@Suite("A client certificate", .timeLimit(.minutes(1)))
struct ClientTLSTests {
    @Test("is shown to the provider's own host") func mutual() async throws {
        let folder = try Certificates()
        defer { folder.remove() }
        let thread = EventThread(name: "tls-test")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let http = HTTPClient(HTTPClientConfiguration(egress: .all, caFile: folder.path("ca.pem")), on: thread, logger: logger)
        try await folder.withServer("-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem") { port in
            for isShown in [true, false] {
                let tls = "tls: { certificate: \(folder.path("client.pem")), key: \(folder.path("client.key")) }"
                let yaml = """
                    provider: p
                    baseURL: https://localhost:\(port)
                    create: { request: GET /x, export: { status: .response.status } }
                    status: { request: GET /x, state: .response.status, states: { ready: 200 } }
                    files: { items: .response.body.files }
                    """ + (isShown ? "\n" + tls : "")
                let client = try await ProviderClient.open(
                    try ProviderSource(yaml: yaml, file: "p.yaml"), http: http, on: thread, secrets: .environment([:]))
                let outcome = await client.create(JobContext(JobRequest(id: try #require(JobID("j")), provider: "p")))
                #expect((outcome == .created(exportHandle: #"{"status":200}"#)) == isShown, "\(outcome)")
            }
        }
        await http.shutdown(within: .zero)
        thread.stop()
    }
}
