import Synchronization
import TestServers

/// An export API in which the job's report says what is odd. Every export has one file, whose bytes are `OddAPI.file`.
final class OddAPI: Sendable {
    let server: StubServer
    private let state: State

    static let file = "id,name\n1,x\n"
    static let name = "rows.csv"

    /// What each step answers, the `n`-th time, from 1, that a report asks for it; `nil`: the usual answer.
    typealias Script = @Sendable (_ step: String, _ n: Int) -> StubResponse?

    private final class State: Sendable {
        let counts = Mutex<[String: Int]>([:])
    }

    init(_ scripts: [String: Script]) throws {
        let state = State()
        self.state = state
        server = try StubServer { request in
            let words = request.target.split(separator: "/").map(String.init)
            let isCreate = request.method == "POST"
            let report = isCreate ? String(request.body.split(separator: "\"").dropFirst().first ?? "") : words.count > 1 ? words[1] : ""
            let step = isCreate ? "create" : words.first == "data" ? "file" : words.count > 2 ? "files" : "status"
            let n = state.counts.withLock { counts in
                counts["\(report) \(step)", default: 0] += 1
                return counts["\(report) \(step)"] ?? 0
            }
            if let odd = scripts[report]?(step, n) { return odd }
            return switch step {
            case "create": .json(#"{"id":"\#(report)"}"#)
            case "status": .json(#"{"status":"DONE"}"#)
            case "files": .json(#"{"files":[{"name":"\#(Self.name)","url":"/data/\#(report)"}]}"#)
            default: .text(Self.file, headers: ["Content-Type": "text/csv"])
            }
        }
    }

    func count(_ report: String, _ step: String) -> Int { state.counts.withLock { $0["\(report) \(step)"] ?? 0 } }

    /// - Parameter lines: top-level keys besides.
    func providerFile(_ lines: String...) -> String {
        """
        provider: odd
        baseURL: \(server.url)
        create: { request: POST /exports, headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }, json: ["{{ .parameters.report }}"], export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.status, states: { running: RUNNING, ready: DONE } }
        files: { request: "GET /exports/{{ .export.id }}/files", items: '.response.body.files[] | {name, url}' }
        polling: { policy: fixed, interval: 100ms, maxWait: 1m }
        retry: { attempts: 4, base: 20ms, cap: 100ms, maxThrottled: 20s }
        breaker: { minimum: 100000 }

        """ + lines.joined(separator: "\n") + "\n"
    }
}
