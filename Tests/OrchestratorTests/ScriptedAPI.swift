import Synchronization
import TestServers

/// An export API that the test scripts: exports are created under the job's id, are running, and become done with one file.
final class ScriptedAPI: Sendable {
    /// What is asked.
    enum Step: String, Sendable { case create, status, files }

    /// The answer of a test to a request; `nil` leaves it to the API.
    typealias Script = @Sendable (_ step: Step, _ job: String) -> StubResponse?

    let server: StubServer
    private let box: Box

    private final class Box: Sendable {
        let counts = Mutex<[Step: Int]>([:])
        let script = Mutex<Script>({ _, _ in nil })
    }

    init(_ script: @escaping Script = { _, _ in nil }) throws {
        let box = Box()
        box.script.withLock { $0 = script }
        self.box = box
        server = try StubServer { request in
            let words = request.target.split(separator: "/").map(String.init)
            let job = words.count > 1 ? words[1] : String(request.body.split(separator: "\"").dropFirst().first ?? "")
            let step: Step = request.method == "POST" ? .create : words.count > 2 ? .files : .status
            box.counts.withLock { $0[step, default: 0] += 1 }
            if let answer = box.script.withLock({ $0 })(step, job) { return answer }
            return switch step {
            case .create: .json(#"{"id":"\#(job)"}"#)
            case .status: .json(#"{"status":"DONE"}"#)
            case .files: .json(#"{"files":[{"name":"a.csv","url":"/a.csv"}]}"#)
            }
        }
    }

    /// How often each step was asked for.
    func count(_ step: Step) -> Int { box.counts.withLock { $0[step] ?? 0 } }

    /// Answers by another script from now on.
    func change(_ script: @escaping Script) { box.script.withLock { $0 = script } }

    /// - Parameter lines: top-level keys of the provider file besides.
    func file(_ lines: String...) -> String { file(lines, files: Self.files) }

    /// - Parameter files: the key `files` in place of the usual one.
    func file(replacing files: String, _ lines: String...) -> String { file(lines, files: files) }

    private static let files = #"files: { request: "GET /exports/{{ .export.id }}/files", items: '.response.body.files[] | {name, url}' }"#

    private func file(_ lines: [String], files: String) -> String {
        """
        provider: acme
        baseURL: \(server.url)
        create: { request: POST /exports, headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }, json: ["{{ .job.id }}"], export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.status, states: { running: RUNNING, ready: DONE } }
        \(files)
        breaker: { minimum: 100000, heldProbe: 3s }

        """ + lines.joined(separator: "\n") + "\n"
    }
}
