import ExportCore
import Foundation
import ProviderAPI
import Synchronization
import TestServers
import Testing

@Suite("A recording of exchanges")
struct ExchangeTapeTests {
    private static let yaml = """
        provider: p
        baseURL: BASE
        auth: { header: { X-Token: "{{ .secrets.TOKEN }}" } }
        create:
          request: POST /x
          headers: { X-Key: "{{ .secrets.KEY }}", Cookie: "seen=c00kie-1" }
          json: { key: "{{ .secrets.KEY }}", kind: orders }
          export: { id: .response.body.id }
        status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files:
          request: GET /x/{{ .export.id }}/files
          query: { sig: "{{ .secrets.KEY }}", attempt: "{{ .job.attempt }}" }
          items: ".response.body.files[]"
        cancel: DELETE /x/{{ .export.id }}
        """
    private static let secrets = ["TOKEN": "t0ken+s3cret/1", "KEY": "k3y s3cret & 2"]
    private static let bytes: [UInt8] = [0xFF, 0xD8, 0, 0xFE]

    private static func job(attempt: Int = 1) throws -> JobContext {
        JobContext(JobRequest(id: try #require(JobID("job-1")), provider: "p"), attempt: attempt)
    }

    private static func client(
        _ server: StubServer, _ tape: ExchangeTape, yaml: String = ExchangeTapeTests.yaml,
        secrets: [String: String] = ExchangeTapeTests.secrets, note: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> ProviderClient {
        let source = try ProviderSource(yaml: yaml.replacing("BASE", with: server.url), file: "test.yaml")
        return try await ProviderClient.open(
            source, http: TestProvider.http, on: TestProvider.thread, secrets: .environment(secrets), tape: tape, note: note)
    }

    /// An API that answers with what it was sent, and whose export is ready at the second check.
    private static func api() throws -> StubServer {
        let checks = Mutex(0)
        return try StubServer { request in
            switch request.line {
            case "POST /x":
                let headers = ["Set-Cookie": "sid=c00kie-2", "X-Echo": request.headers["x-token"] ?? ""]
                return .json("{\"id\":\"7\",\"echo\":\(request.body)}", status: 201, headers: headers)
            case "GET /x/7":
                let count = checks.withLock { count in
                    count += 1
                    return count
                }
                return .json("{\"s\":\"\(count == 1 ? "RUN" : "DONE")\"}", headers: ["Retry-After": "3"])
            case "GET /file": return StubResponse(headers: ["Content-Type": "image/jpeg"], body: Self.bytes)
            case "DELETE /x/7": return .text("gone", status: 410)
            default: return .json(#"{"files":[{"name":"a.bin","url":"/file"}]}"#)
            }
        }
    }

    @Test("tells if an answer belongs to another query") func notedQuery() async throws {
        let server = try Self.api()
        defer { server.stop() }
        let recorder = ExchangeTape(.record)
        _ = try await Self.client(server, recorder).files(try Self.job(), exportHandle: #"{"id":"7"}"#)
        let notes = Mutex<[String]>([])
        let player = try await Self.client(server, ExchangeTape(.replay, recorder.remaining)) { note in notes.withLock { $0.append(note) } }
        _ = await player.files(try Self.job(attempt: 2), exportHandle: #"{"id":"7"}"#)
        let note = try #require(notes.withLock { $0.first })
        #expect(note.contains("attempt=1, now") && note.hasSuffix("attempt=2") && !note.contains("k3y"), "\(note)")
    }

    private struct Outcomes: Equatable {
        var create: CreateOutcome
        var checks: [CheckOutcome] = []
        var files: FilesOutcome
        var body: [UInt8]
        var cancel: CancelOutcome
    }

    private static func run(_ client: ProviderClient, _ server: StubServer) async throws -> Outcomes {
        let job = try Self.job(), handle = #"{"id":"7"}"#
        let create = await client.create(job)
        let checks = [await client.check(job, exportHandle: handle), await client.check(job, exportHandle: handle)]
        let files = await client.files(job, exportHandle: handle)
        let stream = try await client.download(DownloadTarget(url: server.url + "/file"), job, exportHandle: handle)
        var body: [UInt8] = []
        while let chunk = try await stream.next() { body += chunk }
        return Outcomes(
            create: create, checks: checks, files: files, body: body, cancel: await client.cancel(job, exportHandle: handle))
    }

    private static func recorded() async throws -> (outcomes: Outcomes, exchanges: [RecordedExchange], server: StubServer) {
        let server = try api(), tape = ExchangeTape(.record)
        let outcomes = try await run(try await client(server, tape), server)
        return (outcomes, tape.remaining, server)
    }

    private static func text(_ exchanges: [RecordedExchange]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return String(decoding: try encoder.encode(exchanges), as: UTF8.self)
    }

    @Test("gives the same outcomes without the server") func replay() async throws {
        let (outcomes, exchanges, server) = try await Self.recorded()
        #expect(outcomes.create == .created(exportHandle: #"{"id":"7"}"#) && outcomes.cancel == .cancelled)
        #expect(outcomes.checks == [.running(progress: nil, retryAfter: .seconds(3)), .ready(exportHandle: nil, page: nil)])
        #expect(outcomes.body == Self.bytes && exchanges.count == 6)
        server.stop()
        let stored = try JSONDecoder().decode([RecordedExchange].self, from: Data(try Self.text(exchanges).utf8))
        #expect(stored == exchanges)
        let tape = ExchangeTape(.replay, stored)
        let replayed = try await Self.run(try await Self.client(server, tape), server)
        #expect(replayed == outcomes)
        #expect(tape.remaining.isEmpty && server.requests.count == 6, "nothing is left, and nothing was sent")
    }

    @Test("needs no secrets of its own to be played") func otherSecrets() async throws {
        let (outcomes, exchanges, server) = try await Self.recorded()
        let placeholders = ["TOKEN": "***", "KEY": "***"]
        let replayed = try await Self.run(
            try await Self.client(server, ExchangeTape(.replay, exchanges), secrets: placeholders), server)
        #expect(replayed == outcomes && server.requests.count == 6)
    }

    @Test("holds no secret and no cookie, and no header that authenticates") func noSecrets() async throws {
        let (_, exchanges, _) = try await Self.recorded()
        let text = try Self.text(exchanges)
        let hidden = ["t0ken+s3cret/1", "t0ken%2Bs3cret%2F1", "k3y s3cret & 2", "k3y%20s3cret%20%26%202", "c00kie-1", "c00kie-2", "s3cret"]
        for secret in hidden { #expect(!text.contains(secret), "\(secret)") }
        let create = try #require(exchanges.first)
        func value(_ name: String, _ headers: [RecordedExchange.Header]) -> String? {
            headers.first { $0.name.lowercased() == name }?.value
        }
        for name in ["x-token", "x-key", "cookie"] { #expect(value(name, create.request.headers) == "***", "\(name)") }
        #expect(value("set-cookie", create.answer.headers) == "***" && value("x-echo", create.answer.headers) == "***")
        #expect(create.request.body == #"{"key":"***","kind":"orders"}"#)
        #expect(create.answer.text == #"{"id":"7","echo":{"key":"***","kind":"orders"}}"#)
        #expect(exchanges.contains { $0.request.url.hasSuffix("/x/7/files?sig=***&attempt=1") })
    }

    @Test("keeps a body that is no text as base64") func binary() async throws {
        let (_, exchanges, _) = try await Self.recorded()
        let file = try #require(exchanges.first { $0.request.url.hasSuffix("/file") })
        #expect(file.answer.text == nil && file.answer.base64 == Data(Self.bytes).base64EncodedString() && file.answer.isCut == nil)
    }

    @Test("fails for a request that it does not hold, for good") func notRecorded() async throws {
        let (_, exchanges, server) = try await Self.recorded()
        let client = try await Self.client(server, ExchangeTape(.replay, Array(exchanges.prefix(1)))), job = try Self.job()
        var failures: [Failure] = []
        if case .failure(let failure) = await client.check(job, exportHandle: #"{"id":"7"}"#) { failures.append(failure) }
        #expect(await client.create(job) == .created(exportHandle: #"{"id":"7"}"#))
        if case .failed(let failure) = await client.create(job) { failures.append(failure) }
        if case .failure(let failure) = await client.files(job, exportHandle: #"{"id":"7"}"#) { failures.append(failure) }
        let download = await #expect(throws: Failure.self) {
            _ = try await client.download(DownloadTarget(url: server.url + "/file"), job, exportHandle: "{}")
        }
        failures.append(try #require(download))
        try #require(failures.count == 4)
        #expect(failures.map(\.code) == Array(repeating: "not-recorded", count: 4))
        #expect(failures.map(\.failureClass) == Array(repeating: FailureClass.permanent, count: 4))
        #expect(failures[0].message.contains("it goes on with POST \(server.url)/x"), "\(failures[0].message)")
        #expect(failures[1].message.contains("it has ended") && server.requests.count == 6)
    }

    @Test("answers a request whose query alone is another") func otherQuery() async throws {
        let (outcomes, exchanges, server) = try await Self.recorded()
        let client = try await Self.client(server, ExchangeTape(.replay, exchanges))
        #expect(await client.files(try Self.job(attempt: 2), exportHandle: #"{"id":"7"}"#) == outcomes.files)
    }

    // MARK: Signing in

    private static let session = """
        provider: p
        baseURL: BASE
        auth:
          session:
            request: POST /login
            form: { user: longhaul, password: "{{ .secrets.KEY }}" }
            values: { token: VALUE }
            send: { header: { X-Session: "{{ .session.token }}" } }
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: "GET /x", state: .response.body.s, states: { ready: DONE } }
        files: { request: GET /f, items: .response.body.files }
        """

    /// Records a sign-in that gives a token, and a create; replays them, and returns the text of the recording.
    private static func signIn(_ value: String, _ token: String, _ answer: StubResponse) async throws -> String {
        let yaml = session.replacing("VALUE", with: value), tape = ExchangeTape(.record)
        let server = try StubServer { request in
            if request.target == "/login" { return answer }
            return request.headers["x-session"] == token ? .json(#"{"id":"7"}"#) : .text("", status: 401)
        }
        let created = await (try await client(server, tape, yaml: yaml)).create(try job())
        #expect(created == .created(exportHandle: #"{"id":"7"}"#))
        server.stop()
        let replayed = await (try await client(server, ExchangeTape(.replay, tape.remaining), yaml: yaml)).create(try job())
        #expect(replayed == created && server.requests.count == 2)
        return try text(tape.remaining)
    }

    @Test("of a sign-in holds no token, and can be played", arguments: ["a-l0ng-t0ken", "t0ken-1"]) func token(token: String) async throws {
        let answer = StubResponse.json(
            "{\"access_token\":\"\(token)\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"more\":[\"\(token)x\"]}")
        let text = try await Self.signIn(".response.body.access_token", token, answer)
        #expect(!text.contains(token), "\(text)")
        #expect(!text.contains("k3y") && text.contains("3600") && text.contains("Bearer"))
    }

    @Test("of a sign-in holds no token that a header brings") func tokenInHeader() async throws {
        let token = "a-l0ng-t0ken"
        let answer = StubResponse.json("{}", status: 201, headers: ["X-Subject-Token": token])
        let text = try await Self.signIn("'.response.headers[\"x-subject-token\"]'", token, answer)
        #expect(!text.contains(token), "\(text)")
    }
}
