import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("A plain JSON API")
struct SimpleAPITests {
    static let yaml = """
        provider: acme-reports
        baseURL: BASE/v2/
        auth: { bearer: "{{ .secrets.ACME_TOKEN }}" }
        create:
          request: POST /exports
          headers: { Idempotency-Key: "{{ .job.id }}", X-Trace: "{{ .job.correlationId }}", X-None: "{{ empty }}" }
          json:
            report: "{{ .parameters.report }}"
            title: "Report {{ .parameters.report }} no {{ .job.attempt }}"
            days: "{{ .parameters.days }}"
            format: csv
            country: NO
            limit: 10
            skipped: "{{ .parameters.missing // empty }}"
          export: { id: .response.body.id }
          adopt: { when: ".response.status == 409", export: { id: .response.body.existingId } }
          error: .response.body.problem
        status:
          request: GET /exports/{{ .export.id | @uri }}
          state: .response.body.status
          states: { queued: [IN_QUEUE, 1001], running: IN_PROGRESS, ready: [DONE], empty: [NO_DATA], failed: [FATAL, CANCELLED], expired: OLD }
          progress: .response.body.percent
          error: { message: .response.body.reason, code: .response.body.errorCode }
        files:
          request: GET /exports/{{ .export.id }}/files
          query: { size: 2 }
          items: '.response.body.files[] | {name, url, bytes: .size, sha256}'
          next: .response.body.nextPage
          refresh: true
        cancel: DELETE /exports/{{ .export.id | @uri }}
        find:
          request: GET /exports
          query: { key: "{{ .job.id }}" }
          export: { id: ".response.body[0].id" }
        polling: { policy: tiered, key: .parameters.report, min: 15s, max: 10m, maxWait: 12h, maxAttempts: 300 }
        """
    static let secrets = ["ACME_TOKEN": "s3cr/et+token"]
    static let parameters = #"{"report":"sales & \"more\"","days":[1,2]}"#

    func provider(_ handler: @escaping @Sendable (StubRequest) -> StubResponse) async throws -> TestProvider {
        try await TestProvider(Self.yaml, parameters: Self.parameters, secrets: Self.secrets, handler)
    }

    /// A provider that gives the N-th response for the export with id N.
    func provider(answering responses: [StubResponse]) async throws -> TestProvider {
        try await provider { request in
            request.target.split { !$0.isNumber }.last.flatMap { Int($0) }.map { responses[$0] } ?? .text("", status: 404)
        }
    }

    func handle(_ id: Int) -> String { "{\"id\":\"\(id)\"}" }

    @Test("a create sends the request in the file with its types, and stores values of the response")
    func create() async throws {
        let provider = try await provider { _ in .json(#"{"id":12345678901234567890}"#, status: 202) }
        #expect(await provider.client.create(provider.job) == .created(exportHandle: #"{"id":12345678901234567890}"#))
        let request = try #require(provider.server.requests.first)
        #expect(request.line == "POST /v2/exports")
        #expect(request.headers["authorization"] == "Bearer s3cr/et+token")
        #expect(request.headers["idempotency-key"] == "job-1")
        #expect(request.headers["x-trace"] == "corr-1")
        #expect(request.headers["x-none"] == nil)
        #expect(request.headers["content-type"] == "application/json")
        let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? NSDictionary)
        #expect(
            body == [
                "report": "sales & \"more\"", "title": "Report sales & \"more\" no 2", "days": [1, 2], "format": "csv", "country": "NO",
                "limit": 10,
            ])
    }

    @Test("a duplicate is adopted")
    func adopt() async throws {
        let provider = try await provider { _ in .json(#"{"existingId":"old"}"#, status: 409) }
        #expect(await provider.client.create(provider.job) == .adopted(exportHandle: #"{"id":"old"}"#))
    }

    @Test("a failed create gives the reason and the requested delay")
    func createFails() async throws {
        let limited = try await provider { _ in .json(#"{"problem":"too many"}"#, status: 429, headers: ["Retry-After": "7"]) }
        let failure = try #require(failure(await limited.client.create(limited.job)))
        #expect(failure.failureClass == .throttled && failure.code == "http-429" && failure.retryAfter == .seconds(7))
        #expect(failure.message == "create at \(limited.server.url)/v2/exports answered 429: too many")

        let refused = try await provider { _ in .json(#"{"detail":"no such report"}"#, status: 400) }
        let permanent = try #require(self.failure(await refused.client.create(refused.job)))
        #expect(permanent.failureClass == .permanent && permanent.message.contains("no such report"))
    }

    @Test("a response without a value that must be stored is a permanent failure that names it")
    func createWithoutID() async throws {
        let provider = try await provider { _ in .json("{}", status: 201) }
        let failure = try #require(failure(await provider.client.create(provider.job)))
        #expect(failure.failureClass == .permanent && failure.code == "unexpected-answer")
        #expect(failure.message == "create.export.id: .response.body.id is null in the response")
    }

    @Test("each state of a status response is recognised")
    func check() async throws {
        let wait = Duration.seconds(30)
        let cases: [(String, CheckOutcome)] = [
            (#"{"status":"IN_QUEUE"}"#, .queued(retryAfter: wait)), (#"{"status":1001}"#, .queued(retryAfter: wait)),
            (#"{"status":"IN_PROGRESS","percent":40}"#, .running(progress: 0.4, retryAfter: wait)),
            (#"{"status":"IN_PROGRESS","percent":"55%"}"#, .running(progress: 0.55, retryAfter: wait)),
            (#"{"status":"IN_PROGRESS","percent":"soon"}"#, .running(progress: nil, retryAfter: wait)),
            (#"{"status":"DONE"}"#, .ready(exportHandle: nil, page: nil)), (#"{"status":"NO_DATA"}"#, .empty),
            (#"{"status":"OLD"}"#, .expired),
            (#"{"status":"FATAL","reason":"disk full","errorCode":"DISK_FULL"}"#, .failed(code: "disk-full", message: "disk full")),
            (#"{"status":"CANCELLED"}"#, .failed(code: "export-failed", message: "the provider reports the export as CANCELLED")),
            (#"{"status":"WAT"}"#, .unknownStatus("WAT", retryAfter: wait)), ("{}", .unknownStatus("null", retryAfter: wait)),
        ]
        let provider = try await provider(answering: cases.map { .json($0.0, headers: ["Retry-After": "30"]) })
        for (index, (body, outcome)) in cases.enumerated() {
            #expect(await provider.client.check(provider.job, exportHandle: handle(index)) == outcome, "\(body)")
        }
        #expect(provider.server.lines.first == "GET /v2/exports/0")
    }

    @Test("a failed status check has its class")
    func checkFails() async throws {
        let cases: [(Int, FailureClass)] = [
            (500, .transient), (404, .gone), (410, .gone), (401, .unauthorised), (429, .throttled), (302, .permanent),
        ]
        // The state in an error's body is ignored: the file does not read the HTTP status code.
        let provider = try await provider(answering: cases.map { .json(#"{"status":"FATAL"}"#, status: $0.0) })
        for (index, (status, failureClass)) in cases.enumerated() {
            guard case .failure(let failure) = await provider.client.check(provider.job, exportHandle: handle(index)) else {
                Issue.record("no failure for \(status)")
                continue
            }
            #expect(failure.failureClass == failureClass && failure.code == "http-\(status)")
        }
    }

    @Test("an invalid status response is a transient failure or an unknown status, and does not end the job")
    func wrongStatusAnswer() async throws {
        let responses: [StubResponse] = [
            .text("<html>maintenance</html>", headers: ["Content-Type": "text/html"]), .json("{broken"), .json("[1]"), .text(""),
        ]
        let provider = try await provider(answering: responses)
        for index in 0..<3 {
            guard case .failure(let failure) = await provider.client.check(provider.job, exportHandle: handle(index)) else {
                Issue.record("no failure for \(index)")
                continue
            }
            #expect(failure.failureClass == .transient)
        }
        #expect(await provider.client.check(provider.job, exportHandle: handle(3)) == .unknownStatus("null", retryAfter: nil))
    }

    @Test("an unreachable server is a transient failure")
    func noServer() async throws {
        let provider = try await provider { _ in .json("{}") }
        provider.server.stop()
        let failure = await eventualFailure(provider)
        #expect(failure?.failureClass == .transient)
    }

    @Test("files are listed page by page, relative links are resolved, white space goes, and a missing name is taken from the URL")
    func files() async throws {
        let sha = String(repeating: "AB", count: 32)
        let provider = try await provider { request in
            request.target.contains("cursor")
                ? .json(#"{"files":[{"url":"https://cdn.example.com/x/c%20d.csv?sig=1"}]}"#)
                : .json(
                    #"{"files":[{"name":"a.csv","url":"/dl/a","size":5,"sha256":"\#(sha)"},{"name":null,"url":"b b.csv","size":"7"},{"name":" x y.csv\r\n","url":"/dl/x\n"},{"name":" ","url":" /dl/z"}],"nextPage":"?cursor=2"}"#
                )
        }
        let first = await provider.client.files(provider.job, exportHandle: #"{"id":"1"}"#)
        let base = provider.server.url
        let token = "{\"url\":\"\(base)/v2/exports/1/files?cursor=2\"}"
        #expect(
            first
                == .page(
                    files: [
                        ListedFile(name: "a.csv", url: "\(base)/dl/a", bytes: 5, sha256: sha.lowercased()),
                        ListedFile(name: "b b.csv", url: "\(base)/v2/exports/1/b%20b.csv", bytes: 7, isNamed: false),
                        ListedFile(name: "x y.csv", url: "\(base)/dl/x"), ListedFile(name: "z", url: "\(base)/dl/z", isNamed: false),
                    ], next: token))
        let second = await provider.client.files(provider.job, exportHandle: #"{"id":"1"}"#, page: token)
        #expect(
            second
                == .page(files: [ListedFile(name: "c d.csv", url: "https://cdn.example.com/x/c%20d.csv?sig=1", isNamed: false)], next: nil))
        #expect(provider.server.lines == ["GET /v2/exports/1/files?size=2", "GET /v2/exports/1/files?cursor=2"])
        #expect(provider.server.requests.allSatisfy { $0.headers["authorization"] != nil })
    }

    @Test("an invalid file list is reported with the item and the problem")
    func wrongFiles() async throws {
        let cases = [
            (#"{"files":[{"name":"a"}]}"#, "item 0 has no url"),
            (#"{"files":[{"url":"/a"},{"url":"ftp://x/y"}]}"#, "item 1 has a url that is"),
            (#"{"files":[{"url":"/a","size":-1}]}"#, "bytes that are not a size"),
            (#"{"files":[{"url":"/a","sha256":"xyz"}]}"#, "an invalid sha256"),
            (#"{"files":[{"url":"/a","name":{}}]}"#, "name that is not text"), (#"{"nope":1}"#, "Cannot iterate over null"),
            (#"{"files":[],"nextPage":7}"#, "7 is not a URL"),
        ]
        let provider = try await provider { request in
            let id = request.target.split(separator: "/")[2]
            return .json(cases[Int(id) ?? 0].0)
        }
        for (index, (body, message)) in cases.enumerated() {
            guard case .failure(let failure) = await provider.client.files(provider.job, exportHandle: handle(index)) else {
                Issue.record("no failure for \(body)")
                continue
            }
            #expect(failure.message.contains(message), "\(failure.message)")
        }
    }

    @Test("a listing that leads to itself ends")
    func pagingLoop() async throws {
        let provider = try await provider { _ in .json(#"{"files":[],"nextPage":"/v2/again"}"#) }
        guard case .page(_, let next?) = await provider.client.files(provider.job, exportHandle: #"{"id":"1"}"#),
            case .failure(let failure) = await provider.client.files(provider.job, exportHandle: #"{"id":"1"}"#, page: next)
        else {
            Issue.record("no loop")
            return
        }
        #expect(failure.code == "paging-loop")
    }

    @Test("cancel treats a missing export as cancelled")
    func cancel() async throws {
        for (status, expected) in [(204, true), (404, true), (500, false)] {
            let provider = try await provider { _ in .text("", status: status) }
            let outcome = await provider.client.cancel(provider.job, exportHandle: #"{"id":"1"}"#)
            #expect((outcome == .cancelled) == expected)
            #expect(provider.server.lines == ["DELETE /v2/exports/1"])
        }
    }

    @Test("an existing export is found, a missing one is not")
    func find() async throws {
        let found = try await provider { _ in .json(#"[{"id":"e1"}]"#) }
        #expect(await found.client.find(found.job) == .found(exportHandle: #"{"id":"e1"}"#))
        #expect(found.server.lines == ["GET /v2/exports?key=job-1"])
        let none = try await provider { _ in .json("[]") }
        #expect(await none.client.find(none.job) == .notFound)
    }

    @Test("the plain values of the file are available")
    func definition() async throws {
        let provider = try await provider { _ in .text("") }
        let definition = provider.client.definition
        #expect(definition.name == "acme-reports" && definition.refreshesLinks && definition.canCancel)
        #expect(definition.createSafety == [.idempotencyKey, .adopt, .find])
        #expect(definition.secretNames == ["ACME_TOKEN"])
        #expect(definition.polling.policy == .tiered(min: .seconds(15), max: .seconds(600)))
        #expect(definition.jobRules.maxAttempts == 300 && definition.jobRules.maxWait == .seconds(43_200))
        #expect(await provider.client.pollingKey(provider.job) == "sales & \"more\"")
    }

    private func failure(_ outcome: CreateOutcome) -> Failure? {
        if case .failed(let failure) = outcome { return failure }
        return nil
    }

    private func eventualFailure(_ provider: TestProvider) async -> Failure? {
        // The listener closes on its own thread.
        for _ in 0..<1000 {
            if case .failure(let failure) = await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#) { return failure }
            await Task.yield()
        }
        return nil
    }
}
