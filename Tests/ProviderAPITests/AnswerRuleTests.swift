import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("Rules about answers")
struct AnswerRuleTests {
    static let yaml = """
        provider: p
        baseURL: BASE
        create: { request: POST /x, export: { id: .response.body.id } CREATE }
        find: { request: GET /find, export: { id: .response.body.id } }
        status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } STATUS }
        files: { request: GET /f, items: .response.body.files }
        cancel: { request: DELETE /x }
        """

    func provider(
        create: String = "", status: String = "", more: String = "", _ answer: StubResponse
    ) async throws -> TestProvider {
        let yaml = Self.yaml.replacing(" CREATE", with: create).replacing(" STATUS", with: status) + "\n" + more
        return try await TestProvider(yaml) { _ in answer }
    }

    func created(_ provider: TestProvider) async throws -> Failure {
        guard case .failed(let failure) = await provider.client.create(provider.job) else { throw Unexpected("created") }
        return failure
    }

    @Test(
        "one rule of the provider says what the body of any answer means",
        arguments: [
            (#"{"code":"606","message":"slow down"}"#, 200, FailureClass.throttled),
            (#"{"code":"1003","message":"no such field"}"#, 200, .permanent),
            (#"{"code":"1003"}"#, 500, .permanent), (#"{"error":{"is_transient":true}}"#, 400, .transient),
            (#"{"message":"You have exceeded a secondary rate limit"}"#, 403, .throttled), (#"{"message":"no"}"#, 403, .unauthorised),
        ])
    func providerWide(body: String, status: Int, expected: FailureClass) async throws {
        let rules = """
            errors:
              - when: .response.body.code
                class: '{"606": "throttled", "611": "transient"}[.response.body.code] // "permanent"'
                code: .response.body.code
                message: .response.body.message
              - { when: .response.body.error.is_transient, class: transient }
              - { when: '.response.status == 403 and (.response.body.message | test("secondary rate limit"))', class: throttled }
            """
        let provider = try await provider(more: rules, .json(body, status: status))
        let failures = [
            try await created(provider), failure(await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#)),
            failure(await provider.client.files(provider.job, exportHandle: #"{"id":"1"}"#)),
            failure(await provider.client.find(provider.job)), failure(await provider.client.cancel(provider.job, exportHandle: "{}")),
        ]
        #expect(failures.map(\.?.failureClass) == Array(repeating: expected, count: 5))
        if body.contains("606") { #expect(failures[0]?.code == "606" && failures[0]?.message.hasSuffix("slow down") == true) }
    }

    @Test("the rules of a request come before those of the provider, and the first that matches wins")
    func order() async throws {
        let own = ", errors: [{ when: .response.body.never, class: gone }, { when: .response.body.x, class: transient, code: '\"own\"' }]"
        let wide = "errors: [{ when: .response.body.x, class: permanent, code: '\"wide\"' }]"
        let provider = try await provider(create: own, more: wide, .json(#"{"x":1}"#, status: 418))
        #expect(try await created(provider).code == "own")
        #expect(failure(await provider.client.files(provider.job, exportHandle: "{}"))?.code == "wide")
    }

    @Test("the class ok reads an answer as a success, whatever its HTTP code")
    func success() async throws {
        let ok = ", errors: [{ when: .response.body.fine, class: ok }]"
        let provider = try await provider(create: ok, status: ok, .json(#"{"fine":true,"id":"7","s":"DONE"}"#, status: 409))
        #expect(await provider.client.create(provider.job) == .created(exportHandle: #"{"id":"7"}"#))
        #expect(await provider.client.check(provider.job, exportHandle: #"{"id":"7"}"#) == .ready(exportHandle: nil, page: nil))
    }

    @Test("a status that is not there yet is a running export, with the wait of its rule")
    func notYet() async throws {
        let rule = ", errors: [{ when: .response.status == 418, class: notYet, wait: { header: X-Wait, as: seconds } }]"
        let ruled = try await provider(status: rule, .json("{}", status: 418, headers: ["X-Wait": "5"]))
        #expect(await ruled.client.check(ruled.job, exportHandle: #"{"id":"7"}"#) == .running(progress: nil, retryAfter: .seconds(5)))
        let usual = try await provider(.json("{}", status: 412))
        #expect(await usual.client.check(usual.job, exportHandle: #"{"id":"7"}"#) == .running(progress: nil, retryAfter: nil))
        let listing = failure(await usual.client.files(usual.job, exportHandle: "{}"))
        #expect(listing?.failureClass == .notYet && listing?.countsAsAttempt == true)
        #expect(try await created(usual).failureClass == .permanent)
    }

    @Test("the old error mapping comes after the rules, and its class may be a filter")
    func oldMapping() async throws {
        let error = ", error: { when: .response.body.success == false, class: '.response.body.class', code: .response.body.code }"
        let rules = "errors: [{ when: '.response.body.code == \"special\"', class: gone }]"
        for (code, expected) in [("special", FailureClass.gone), ("other", .throttled)] {
            let provider = try await provider(
                create: error, more: rules, .json("{\"success\":false,\"class\":\"throttled\",\"code\":\"\(code)\"}"))
            #expect(try await created(provider).failureClass == expected)
        }
    }

    @Test("a filter that gives no class is a failure that names the rule; a filter that does not fit the answer matches nothing")
    func wrongFilters() async throws {
        let odd = ", errors: [{ when: .response.body.x, class: .response.body.y }]"
        let invalid = try await created(try await provider(create: odd, .json(#"{"x":1,"y":"bad"}"#)))
        #expect(
            invalid.code == "invalid-class" && invalid.message.hasPrefix("create.errors[0].class: the filter gives \"bad\""),
            "\(invalid.message)")
        let page = try await created(try await provider(create: odd, .text("<html>", status: 502)))
        #expect(page.code == "http-502" && page.failureClass == .transient)
    }

    @Test("a failure carries the answer: request without query, status, type and the start of the body")
    func excerpt() async throws {
        let provider = try await provider(
            .text("a\nb" + String(repeating: "x", count: 300), status: 500, headers: ["Content-Type": "text/Plain; x=y"]))
        let answer = try #require(try await created(provider).answer)
        #expect(answer.request == "POST \(provider.server.url)/x" && answer.status == 500 && answer.type == "text/plain")
        #expect(answer.start.count == 200 && answer.start.hasPrefix("a bxxx"))
    }

    @Test(
        "a rule that cannot be right is reported",
        arguments: [
            ("errors: { when: .a }", "errors: a mapping where a list is expected"),
            ("errors: [{ class: gone }]", "errors[0].when: missing"),
            ("errors: [{ when: .response.status == 1, class: throtled }]", "did you mean \"throttled\"?"),
            ("wait: { header: X, as: days }", "wait.as: unknown value \"days\""), ("wait: { as: epoch }", "wait.header: missing"),
        ])
    func problems(yaml: String, problem: String) async {
        let problems = await TestProvider.problems(ProviderFileTests.least + "\n" + yaml)
        #expect(problems.count == 1 && problems[0].description.contains(problem), "\(problems)")
    }

    private func failure(_ outcome: CheckOutcome) -> Failure? {
        if case .failure(let failure) = outcome { failure } else { nil }
    }
    private func failure(_ outcome: FilesOutcome) -> Failure? {
        if case .failure(let failure) = outcome { failure } else { nil }
    }
    private func failure(_ outcome: FindOutcome) -> Failure? {
        if case .failed(let failure) = outcome { failure } else { nil }
    }
    private func failure(_ outcome: CancelOutcome) -> Failure? {
        if case .failure(let failure) = outcome { failure } else { nil }
    }
}
