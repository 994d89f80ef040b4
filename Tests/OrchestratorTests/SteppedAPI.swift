import Synchronization
import TestServers

/// An export API of several steps: an export is created, filled and started, becomes done, and is then converted into a file. Each of its
/// two waits says once that it lasts.
final class SteppedAPI: Sendable {
    /// The answer of a test to a request, such as `POST /exports`; `nil` leaves it to the API.
    typealias Script = @Sendable (_ line: String) -> StubResponse?

    let server: StubServer
    private let box: Box

    private final class Box: Sendable {
        let counts = Mutex<[String: Int]>([:])
        let script = Mutex<Script>({ _ in nil })
    }

    static let create = "POST /exports"
    static let query = "PUT /exports/e-1/query"
    static let start = "POST /exports/e-1/start"
    static let exported = "GET /exports/e-1"
    static let convert = "PUT /exports/e-1/conversion"
    static let converted = "GET /conversions/c-1"
    static let files = "GET /conversions/c-1/files"

    init(_ script: @escaping Script = { _ in nil }) throws {
        let box = Box()
        box.script.withLock { $0 = script }
        self.box = box
        server = try StubServer { request in
            let line = request.line
            let count = box.counts.withLock { counts in
                counts[line, default: 0] += 1
                return counts[line, default: 0]
            }
            if let answer = box.script.withLock({ $0 })(line) { return answer }
            return switch line {
            case SteppedAPI.create: .json(#"{"id":"e-1"}"#, status: 201)
            case SteppedAPI.exported, SteppedAPI.converted: .json(count == 1 ? #"{"state":"RUNNING"}"# : #"{"state":"DONE"}"#)
            case SteppedAPI.convert: .json(#"{"id":"c-1"}"#)
            case SteppedAPI.files: .json(#"{"files":[{"name":"a.csv","url":"/a.csv"}]}"#)
            default: .json("{}")
            }
        }
    }

    /// How often a request came.
    func count(_ line: String) -> Int { box.counts.withLock { $0[line] ?? 0 } }

    /// The requests as they came, with those in a row that are the same once.
    var order: [String] {
        var order: [String] = []
        for line in server.lines where line != order.last { order.append(line) }
        return order
    }

    /// Answers by another script from now on.
    func change(_ script: @escaping Script) { box.script.withLock { $0 = script } }

    /// - Parameter lines: top-level keys of the provider file besides.
    func file(_ lines: String...) -> String {
        """
        provider: acme
        baseURL: \(server.url)
        create: { request: POST /exports, headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }, export: { id: .response.body.id } }
        steps:
          - { request: "PUT /exports/{{ .export.id }}/query", text: all }
          - { request: "POST /exports/{{ .export.id }}/start" }
          - status: { request: "GET /exports/{{ .export.id }}", state: .response.body.state, states: { running: RUNNING, ready: DONE } }
          - { request: "PUT /exports/{{ .export.id }}/conversion", export: { conversion: .response.body.id } }
        status:
          request: GET /conversions/{{ .export.conversion }}
          state: .response.body.state
          states: { running: RUNNING, ready: DONE }
        files: { request: "GET /conversions/{{ .export.conversion }}/files", items: '.response.body.files[] | {name, url}' }
        polling: { policy: fixed, interval: 50ms }
        retry: { attempts: 3, base: 10ms, cap: 50ms }
        breaker: { minimum: 100000, heldProbe: 3s }

        """ + lines.joined(separator: "\n") + "\n"
    }
}
