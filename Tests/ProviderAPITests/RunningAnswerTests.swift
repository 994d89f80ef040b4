import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("An answer to a status check")
struct RunningAnswerTests {
    static let yaml = """
        provider: p
        baseURL: BASE
        create: { request: POST /x, export: { id: .response.body.id } }
        status:
          request: GET /x/{{ .export.id }}
          query: { cursor: "{{ .export.cursor // empty }}" }
          state: .response.body.s
          states: { queued: NEW, running: RUN, ready: DONE, partial: SOME, failed: BAD }
          update: { cursor: .response.body.cursor, link: .response.body.links.next }
          export: { document: ".response.body.document // empty" }
          error: .response.body.warning
        files: { request: GET /f, items: .response.body.files }
        cancel: { request: "DELETE /x/{{ .export.id }}", states: [queued] }
        cleanup: DELETE /x/{{ .export.id }}/files
        """

    private static let handle = #"{"id":"7"}"#

    private static func answer(_ answer: StubResponse, to handle: String = handle) async throws -> (CheckAnswer, TestProvider) {
        let provider = try await TestProvider(yaml) { _ in answer }
        return (await provider.client.answer(provider.job, exportHandle: handle), provider)
    }

    // MARK: update

    @Test("changes what update stores, and the next check is asked with it") func update() async throws {
        let (first, _) = try await Self.answer(.json(#"{"s":"RUN","cursor":"c 1"}"#))
        #expect(first.outcome == .running(progress: nil, retryAfter: nil))
        let handle = try #require(first.exportHandle)
        #expect(handle == #"{"id":"7","cursor":"c 1"}"#)
        let (second, provider) = try await Self.answer(
            .json(#"{"s":"NEW","cursor":12345678901234567890,"links":{"next":"/n"}}"#), to: handle)
        #expect(provider.server.lines == ["GET /x/7?cursor=c%201"])
        #expect(second.outcome == .queued(retryAfter: nil))
        #expect(second.exportHandle == #"{"id":"7","cursor":12345678901234567890,"link":"/n"}"#)
    }

    @Test(
        "keeps what it says nothing of",
        arguments: [#"{"s":"RUN"}"#, #"{"s":"RUN","cursor":null,"links":null}"#, #"{"s":"RUN","links":"none"}"#, #"{"s":"ODD"}"#])
    func kept(body: String) async throws {
        let known = #"{"@":{"running":5},"id":"7","cursor":"c1","link":"/n"}"#
        let (answer, _) = try await Self.answer(.json(body), to: known)
        #expect(answer.exportHandle == known)
    }

    @Test("takes false for a value") func falseValue() async throws {
        let (answer, _) = try await Self.answer(.json(#"{"s":"RUN","cursor":false}"#))
        #expect(answer.exportHandle == #"{"id":"7","cursor":false}"#)
    }

    @Test("stores nothing of a failure", arguments: [500, 404, 429]) func failure(status: Int) async throws {
        let (answer, _) = try await Self.answer(.json(#"{"s":"RUN","cursor":"c9"}"#, status: status))
        guard case .failure = answer.outcome else { throw Unexpected(answer.outcome) }
        #expect(answer.exportHandle == nil || answer.exportHandle == Self.handle)
    }

    @Test("has both what update and what export store when it is ready") func ready() async throws {
        let (answer, _) = try await Self.answer(.json(#"{"s":"DONE","cursor":"c2","document":"d"}"#))
        #expect(answer.outcome == .ready(exportHandle: #"{"id":"7","cursor":"c2","document":"d"}"#, page: nil))
        let (plain, _) = try await Self.answer(.json(#"{"s":"DONE"}"#))
        #expect(plain.outcome == .ready(exportHandle: nil, page: nil))
    }

    @Test("tells no handle without update") func noUpdate() async throws {
        let lines = Self.yaml.split(separator: "\n").filter { !$0.contains("update:") && !$0.contains(".export.cursor") }
        let yaml = lines.joined(separator: "\n")
        let provider = try await TestProvider(yaml) { _ in .json(#"{"s":"RUN","cursor":"c"}"#) }
        #expect(await provider.client.answer(provider.job, exportHandle: Self.handle).exportHandle == nil)
    }

    // MARK: partial

    @Test("that is partial is ready, and the handle notes what is missing") func partial() async throws {
        let (answer, _) = try await Self.answer(.json(#"{"s":"SOME","document":"d","warning":"2 of \"3\" regions"}"#))
        guard case .ready(let handle?, nil) = answer.outcome else { throw Unexpected(answer.outcome) }
        #expect(handle == #"{"@":{"partial":"2 of \"3\" regions"},"id":"7","document":"d"}"#)
        #expect(ExportHandle(handle).partial == #"2 of "3" regions"#)
        let (silent, _) = try await Self.answer(.json(#"{"s":"SOME"}"#))
        guard case .ready(let noted?, nil) = silent.outcome else { throw Unexpected(silent.outcome) }
        #expect(ExportHandle(noted).partial == "the provider reports the export as SOME")
    }

    @Test("that is partial notes no more than 500 characters") func longNote() async throws {
        let (answer, _) = try await Self.answer(.json("{\"s\":\"SOME\",\"warning\":\"\(String(repeating: "é", count: 900))\"}"))
        guard case .ready(let handle?, nil) = answer.outcome else { throw Unexpected(answer.outcome) }
        #expect(ExportHandle(handle).partial == String(repeating: "é", count: 500))
    }

    // MARK: cancel and cleanup

    @Test(
        "says whether the export is cancelled, if the API cancels queued ones alone",
        arguments: [
            (.json(#"{"s":"NEW"}"#), .cancelled, true), (.json(#"{"s":"RUN"}"#), .notInThisState("running"), false),
            (.json(#"{"s":"ODD"}"#), .notInThisState("in the state ODD"), false), (.json(#"{"s":"DONE"}"#), .cancelled, false),
            (.json(#"{"s":"SOME"}"#), .cancelled, false), (.json(#"{"s":"BAD"}"#), .cancelled, false),
            (.text("", status: 404), .cancelled, false), (.text("", status: 410), .cancelled, false),
        ] as [(StubResponse, CancelOutcome, Bool)])
    func cancel(status: StubResponse, outcome: CancelOutcome, isSent: Bool) async throws {
        let provider = try await TestProvider(Self.yaml) { $0.method == "GET" ? status : .text("", status: 204) }
        #expect(await provider.client.cancel(provider.job, exportHandle: Self.handle) == outcome)
        #expect(provider.server.lines == ["GET /x/7"] + (isSent ? ["DELETE /x/7"] : []))
    }

    @Test("leaves a queued export alone, if the API cancels running ones alone") func cancelRunning() async throws {
        let yaml = Self.yaml.replacing("[queued]", with: "[running]")
        for (state, outcome) in [("NEW", CancelOutcome.notInThisState("queued")), ("RUN", .cancelled)] {
            let provider = try await TestProvider(yaml) { $0.method == "GET" ? .json("{\"s\":\"\(state)\"}") : .text("", status: 404) }
            #expect(await provider.client.cancel(provider.job, exportHandle: Self.handle) == outcome)
        }
    }

    @Test("that fails is the failure of the cancellation, and nothing is cancelled") func cancelFails() async throws {
        let provider = try await TestProvider(Self.yaml) { _ in .text("", status: 500) }
        guard case .failure(let failure) = await provider.client.cancel(provider.job, exportHandle: Self.handle) else {
            throw Unexpected("")
        }
        #expect(failure.code == "http-500" && provider.server.lines == ["GET /x/7"])
    }

    @Test("is not asked for if that would start the export: it is cancelled at once") func cancelInSteps() async throws {
        let yaml =
            Self.yaml + """

                steps:
                  - { request: "POST /x/{{ .export.id }}/start" }
                  - status: { request: "GET /w/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
                """
        for (step, outcome, lines) in [
            (0, CancelOutcome.cancelled, ["DELETE /x/7"]), (1, .notInThisState("running"), ["GET /w/7"]),
        ] {
            let provider = try await TestProvider(yaml) { _ in .json(#"{"s":"RUN"}"#) }
            #expect(await provider.client.cancel(provider.job, exportHandle: "{\"@\":{\"step\":\(step)},\"id\":\"7\"}") == outcome)
            #expect(provider.server.lines == lines)
        }
    }

    @Test("to a clean-up is a success if the export is gone", arguments: [200, 204, 404, 410]) func cleanUp(status: Int) async throws {
        let provider = try await TestProvider(Self.yaml) { _ in .text("", status: status) }
        #expect(await provider.client.cleanUp(provider.job, exportHandle: Self.handle) == .cancelled)
        #expect(provider.server.lines == ["DELETE /x/7/files"])
        #expect(provider.client.definition.cleansUp)
    }

    @Test("to a clean-up may be a failure, or there is no clean-up") func cleanUpFails() async throws {
        let provider = try await TestProvider(Self.yaml) { _ in .text("busy", status: 500) }
        let outcome = await provider.client.cleanUp(provider.job, exportHandle: Self.handle)
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.failureClass == .transient && failure.code == "http-500" && failure.answer?.start == "busy")
        #expect(failure.message.hasPrefix("cleanup at "), "\(failure.message)")
        let none = try await TestProvider.open(ProviderFileTests.least, secrets: .environment([:]))
        #expect(await none.cleanUp(provider.job, exportHandle: Self.handle) == .notSupported)
        #expect(!none.definition.cleansUp)
    }

    @Test(
        "that no cancellation waits for is reported",
        arguments: [
            ("cancel: { request: DELETE /x, states: [done] }", "cancel.states[0]"),
            ("cleanup: { request: DELETE /x, states: [queued] }", "cleanup.states"),
        ])
    func problems(line: String, field: String) async {
        #expect(await TestProvider.problems(ProviderFileTests.least + "\n" + line).map(\.field) == [field])
    }
}
