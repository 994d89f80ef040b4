import AWSSignature
import Crypto
import Encoding
import ExportCore
import Foundation
import ProviderAPI
import Synchronization
import TestServers
import Testing

@Suite("Requests signed for AWS")
struct AWSTests {
    private static let secret = "s3cr3t/k3y+of/aws"

    /// Whether a request has the signature that its content and its date require.
    private static func isSigned(_ request: StubRequest) -> Bool {
        guard let sent = request.headers["authorization"], let date = request.headers["x-amz-date"], let host = request.headers["host"],
            let time = try? Date(date, strategy: Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted))
        else { return false }
        let parts = request.target.split(separator: "?", maxSplits: 1).map(String.init)
        let query = parts.count > 1 ? parts[1].split(separator: "&").sorted().joined(separator: "&") : ""
        let names = ["content-type", "x-amz-target"].filter { request.headers[$0] != nil }
        let signer = SignatureV4(
            AWSCredentials(accessKeyID: "AKID", secretAccessKey: secret, sessionToken: "s3ssion"), region: "eu-west-1", service: "athena")
        let headers = signer.sign(
            SignatureV4.Request(
                method: request.method, host: host, path: parts[0], query: query, headers: names.map { ($0, request.headers[$0] ?? "") },
                payload: .sha256(Hexadecimal.text(SHA256.hash(data: Data(request.body.utf8))))),
            secondsSince1970: Int64(time.timeIntervalSince1970))
        return headers.first { $0.name == "Authorization" }?.value == sent && request.headers["x-amz-security-token"] == "s3ssion"
    }

    @Test("carry a signature over method, path, query, headers and body, and no secret") func signed() async throws {
        let yaml = """
            provider: p
            baseURL: BASE/v1
            auth:
              aws:
                accessKeyId: "{{ .secrets.ID }}"
                secretAccessKey: "{{ .secrets.KEY }}"
                sessionToken: "{{ .secrets.TOKEN }}"
                region: eu-west-1
                service: athena
            create:
              request: POST /
              headers: { X-Amz-Target: AmazonAthena.StartQueryExecution, Content-Type: application/x-amz-json-1.1 }
              json: { QueryString: "{{ .parameters.query }}" }
              export: { id: .response.body.QueryExecutionId }
            status:
              request: GET /queries/{{ .export.id }}
              query: { z: "1", a: "x y/ü" }
              state: .response.body.state
              states: { running: RUN, ready: DONE, failed: BAD }
            files: { request: GET /files, items: .response.body.files }
            """
        let provider = try await TestProvider(
            yaml, parameters: #"{"query":"SELECT 'ü'"}"#, secrets: ["ID": "AKID", "KEY": Self.secret, "TOKEN": "s3ssion"]
        ) { request in
            Self.isSigned(request)
                ? .json(#"{"QueryExecutionId":"q 1","state":"RUN"}"#) : .json(#"{"message":"bad signature"}"#, status: 403)
        }
        #expect(await provider.client.create(provider.job) == .created(exportHandle: #"{"id":"q 1"}"#))
        #expect(await provider.client.check(provider.job, exportHandle: #"{"id":"q 1"}"#) == .running(progress: nil, retryAfter: nil))
        _ = try await provider.client.download(
            DownloadTarget(url: provider.server.url + "/v1/data?b=2&a=1"), provider.job, exportHandle: "{}")
        for request in provider.server.requests { #expect(!"\(request)".contains(Self.secret)) }
    }
}
