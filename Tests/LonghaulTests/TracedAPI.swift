import Archive
import Foundation
import Synchronization
import TestServers

/// An export API with secrets wherever an API may have some: in a header, in a path, in a query and in the link of a file. Its exports are ready
/// at the second check.
final class TracedAPI: Sendable {
    static let secrets = ["tok-en-in-header", "key-in-path-9", "sig-in-link-7"]
    static let rows = "id,name\n1,a\n2,b\n"

    let server: StubServer
    var requests: [StubRequest] { server.requests }

    init() throws {
        let packed = try Self.gzip(Self.rows), checks = Mutex(0)
        server = try StubServer { request in
            let path = request.target.prefix { $0 != "?" }
            switch (request.method, path) {
            case ("POST", "/key-in-path-9/exports"): return .json(#"{"id":"e1"}"#, status: 201)
            case ("GET", "/key-in-path-9/exports/e1"):
                let number = checks.withLock {
                    $0 += 1; return $0
                }
                return .json(number < 2 ? #"{"status":"RUNNING"}"# : #"{"status":"DONE"}"#)
            case ("GET", "/key-in-path-9/exports/e1/files"):
                let host = request.headers["host"] ?? ""
                return .json(#"{"files":[{"name":"rows.csv.gz","url":"http://\#(host)/data/rows.csv.gz?sig=sig-in-link-7"}]}"#)
            case ("GET", "/data/rows.csv.gz"): return StubResponse(headers: ["Content-Type": "application/gzip"], body: packed)
            default: return .json("{}", status: 404)
            }
        }
    }

    /// The environment of the roles that use it.
    static let environment = ["ACME_TOKEN": "tok-en-in-header", "ACME_KEY": "key-in-path-9"]

    var providerFile: String {
        """
        provider: acme
        baseURL: \(server.url)
        auth: { bearer: "{{ .secrets.ACME_TOKEN }}" }
        create:
          request: POST /{{ .secrets.ACME_KEY }}/exports
          json: "{{ .parameters }}"
          export: { id: .response.body.id }
        status:
          request: GET /{{ .secrets.ACME_KEY }}/exports/{{ .export.id }}
          state: .response.body.status
          states: { running: RUNNING, ready: DONE }
        files:
          request: GET /{{ .secrets.ACME_KEY }}/exports/{{ .export.id }}/files?key={{ .secrets.ACME_KEY }}
          items: '.response.body.files[] | {name, url}'
        polling: { policy: fixed, interval: 200ms }

        """
    }

    private static func gzip(_ text: String) throws -> [UInt8] {
        let writer = try ArchiveWriter(.gzip), bytes = Array(text.utf8)
        try writer.begin(name: "rows.csv", bytes: bytes.count)
        try writer.write(bytes)
        try writer.finish()
        return writer.take()
    }
}
