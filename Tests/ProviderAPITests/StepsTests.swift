import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("The steps of an export")
struct StepsTests {
    static let yaml = """
        provider: converter
        baseURL: BASE
        create:
          request: POST /jobs
          export: { id: .response.body.id }
          adopt: { when: ".response.status == 409", export: { id: .response.body.existing } }
        find: { request: GET /jobs, export: { id: ".response.body[0].id" } }
        steps:
          - { request: "PUT /jobs/{{ .export.id }}/query", text: "{{ .parameters.query }}", when: .parameters.query }
          - request: POST /jobs/{{ .export.id }}/start
            export: { run: .response.body.run }
            adopt: { when: ".response.status == 409", export: { run: .response.body.running } }
          - status:
              request: GET /runs/{{ .export.run }}
              state: .response.body.s
              states: { queued: NEW, running: RUN, ready: DONE, empty: NONE, failed: BAD, expired: OLD }
              progress: .response.body.percent
              error: { message: .response.body.reason }
              export: { rows: .response.body.rows }
          - request: POST /conversions/{{ .export.run }}
            errors:
              - { when: '.response.body.code? == "started"', class: ok }
              - { when: '.response.body.code? == "full"', class: notYet, wait: { header: X-Wait, as: seconds } }
        status: { request: "GET /conversions/{{ .export.run }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /files, items: .response.body.files }
        """

    private static func handle(_ step: Int) -> String { "{\"@\":{\"step\":\(step)},\"id\":\"7\",\"run\":\"r1\"}" }

    /// What a check at this step makes of an answer.
    private static func check(_ step: Int, _ answer: StubResponse) async throws -> (outcome: CheckOutcome, provider: TestProvider) {
        let provider = try await TestProvider(yaml, parameters: #"{"query":"q"}"#) { _ in answer }
        return (await provider.client.check(provider.job, exportHandle: handle(step)), provider)
    }

    private static func failure(_ step: Int, _ answer: StubResponse) async throws -> Failure {
        let (outcome, _) = try await check(step, answer)
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        return failure
    }

    @Test("are requests and waits in their order, and the handle says after each what comes next") func order() async throws {
        let provider = try await TestProvider(Self.yaml, parameters: #"{"query":"select 1"}"#) { request in
            switch request.line {
            case "POST /jobs": .json(#"{"id":"7"}"#, status: 201)
            case "PUT /jobs/7/query": .text("")
            case "POST /jobs/7/start": .json(#"{"run":"r1"}"#)
            case "GET /runs/r1": .json(#"{"s":"DONE","rows":3}"#)
            case "POST /conversions/r1": .text("", status: 204)
            case "GET /conversions/r1": .json(#"{"s":"DONE"}"#)
            default: .text("", status: 404)
            }
        }
        let (client, job) = (provider.client, provider.job)
        var handle = #"{"@":{"step":0},"id":"7"}"#
        #expect(await client.create(job) == .created(exportHandle: handle))
        let done: [(handle: String, isDueAtOnce: Bool)] = [
            (#"{"@":{"step":1},"id":"7"}"#, true), (#"{"@":{"step":2},"id":"7","run":"r1"}"#, false),
            (#"{"@":{"step":3},"id":"7","run":"r1","rows":3}"#, true), (#"{"id":"7","run":"r1","rows":3}"#, false),
        ]
        for next in done {
            let outcome = await client.check(job, exportHandle: handle)
            #expect(outcome == .advanced(exportHandle: next.handle, isDueAtOnce: next.isDueAtOnce))
            handle = next.handle
        }
        #expect(await client.check(job, exportHandle: handle) == .ready(exportHandle: nil, page: nil))
        let lines = [
            "POST /jobs", "PUT /jobs/7/query", "POST /jobs/7/start", "GET /runs/r1", "POST /conversions/r1", "GET /conversions/r1",
        ]
        #expect(provider.server.lines == lines)
        #expect(provider.server.requests[1].body == "select 1")
    }

    @Test("are known to the definition") func definition() async throws {
        let definition = try await TestProvider(Self.yaml) { _ in .text("") }.client.definition
        #expect(definition.steps == 4 && definition.beginsWithRequest)
        let least = try await TestProvider.open(ProviderFileTests.least, secrets: .environment([:])).definition
        #expect(least.steps == 0 && !least.beginsWithRequest)
    }

    @Test("are left out if when is not true", arguments: ["{}", #"{"query":null}"#, #"{"query":false}"#])
    func when(parameters: String) async throws {
        let provider = try await TestProvider(Self.yaml, parameters: parameters) { _ in .text("", status: 500) }
        let outcome = await provider.client.check(provider.job, exportHandle: #"{"@":{"step":0},"id":"7"}"#)
        #expect(outcome == .advanced(exportHandle: #"{"@":{"step":1},"id":"7"}"#, isDueAtOnce: true))
        #expect(provider.server.requests.isEmpty)
    }

    @Test("may be waits that depend on what is stored", arguments: [true, false])
    func whenOfWait(isSlow: Bool) async throws {
        let yaml = ProviderFileTests.least.replacing("https://api.example.com", with: "BASE").replacing(
            "export: { id: .response.body.id }", with: "export: { id: .response.body.id, slow: .response.body.slow }")
        let steps = """
            steps:
              - { when: .export.slow, status: { request: GET /slow, state: .response.body.s, states: { ready: DONE, running: RUN } } }
            """
        let provider = try await TestProvider(yaml + "\n" + steps) { _ in .json(#"{"s":"RUN"}"#) }
        let outcome = await provider.client.check(provider.job, exportHandle: "{\"@\":{\"step\":0},\"id\":\"7\",\"slow\":\(isSlow)}")
        let waits = CheckOutcome.running(progress: nil, retryAfter: nil)
        let skipped = CheckOutcome.advanced(exportHandle: #"{"id":"7","slow":false}"#, isDueAtOnce: false)
        #expect(outcome == (isSlow ? waits : skipped))
        #expect(provider.server.lines == (isSlow ? ["GET /slow"] : []))
    }

    @Test("adopt what an answer names, whatever its HTTP code") func adopt() async throws {
        let (outcome, _) = try await Self.check(1, .json(#"{"running":"r0"}"#, status: 409))
        #expect(outcome == .advanced(exportHandle: #"{"@":{"step":2},"id":"7","run":"r0"}"#, isDueAtOnce: false))
    }

    @Test("take an answer that a rule calls ok for a success, and ask later after one that it calls notYet") func rules() async throws {
        let (started, _) = try await Self.check(3, .json(#"{"code":"started"}"#, status: 409))
        #expect(started == .advanced(exportHandle: #"{"id":"7","run":"r1"}"#, isDueAtOnce: false))
        let (full, _) = try await Self.check(3, .json(#"{"code":"full"}"#, status: 503, headers: ["X-Wait": "5"]))
        #expect(full == .running(progress: nil, retryAfter: .seconds(5)))
    }

    @Test(
        "fail with the class of the answer",
        arguments: [(500, FailureClass.transient), (400, .permanent), (404, .gone), (401, .unauthorised), (429, .throttled)])
    func failures(status: Int, failureClass: FailureClass) async throws {
        let failure = try await Self.failure(3, .json(#"{"problem":"no such query"}"#, status: status))
        #expect(failure.failureClass == failureClass && failure.code == "http-\(status)")
        #expect(failure.message.hasPrefix("step at http://127.0.0.1"), "\(failure.message)")
        #expect(failure.message.contains("/conversions/r1 answered \(status)") && failure.message.contains("no such query"))
    }

    @Test("ask again if an answer lacks what is stored of it") func missingValue() async throws {
        let failure = try await Self.failure(1, .json("{}"))
        #expect(failure.failureClass == .transient && failure.code == "unexpected-answer")
        #expect(failure.message == "steps[1].export.run: .response.body.run is null in the response")
    }

    @Test(
        "that wait know the states of an export",
        arguments: [
            (#"{"s":"NEW"}"#, .queued(retryAfter: nil)), (#"{"s":"RUN","percent":40}"#, .running(progress: 0.4, retryAfter: nil)),
            (#"{"s":"NONE"}"#, .empty), (#"{"s":"OLD"}"#, .expired),
            (#"{"s":"BAD","reason":"no such table"}"#, .failed(code: "export-failed", message: "no such table")),
            (#"{"s":"ODD"}"#, .unknownStatus("ODD", retryAfter: nil)),
        ] as [(String, CheckOutcome)])
    func states(body: String, outcome: CheckOutcome) async throws {
        let (found, provider) = try await Self.check(2, .json(body))
        #expect(found == outcome)
        #expect(provider.server.lines == ["GET /runs/r1"])
    }

    @Test("follow again after find and adopt") func again() async throws {
        let provider = try await TestProvider(Self.yaml) { request in
            request.method == "GET" ? .json(#"[{"id":"9"}]"#) : .json(#"{"existing":"9"}"#, status: 409)
        }
        let handle = #"{"@":{"step":0},"id":"9"}"#
        #expect(await provider.client.find(provider.job) == .found(exportHandle: handle))
        #expect(await provider.client.create(provider.job) == .adopted(exportHandle: handle))
    }

    private static let wait = "status: { request: GET /s, state: .response.body.s, states: { ready: R } }"

    @Test(
        "that cannot be right are reported",
        arguments: [
            ("{ request: POST /x }", "steps: a mapping where a list is expected"),
            ("[POST /x]", "steps[0]: text where a mapping is expected"),
            ("[{ export: { a: .response.body.a } }]", "steps[0].request: missing"),
            ("[{ request: POST /x, exprot: { a: .response.body.a } }]", "steps[0].exprot: unknown key \"exprot\""),
            ("[{ \(wait), request: POST /x }]", "steps[0].request: unknown key \"request\""),
            ("[{ \(wait.replacing("state:", with: "ready: download, state:")) }]", "steps[0].status.ready: unknown key \"ready\""),
            ("[{ request: \"POST /x/{{ .export.run }}\" }]", "steps[0].request: nothing stores .export.run"),
            ("[{ request: POST /x, when: .response.body.a }]", "steps[0].when: .response is not available here"),
        ])
    func problems(steps: String, problem: String) async {
        let problems = await TestProvider.problems(ProviderFileTests.least + "\nsteps: \(steps)")
        #expect(problems.count == 1 && "\(problems[0].field): \(problems[0].message)".hasPrefix(problem), "\(problems)")
    }

    @Test("may read what another of them stores") func stored() async {
        let steps = "[{ request: POST /x, export: { run: .response.body.run } }, { request: \"POST /x/{{ .export.run }}\" }]"
        #expect(await TestProvider.problems(ProviderFileTests.least + "\nsteps: \(steps)") == [])
    }
}
