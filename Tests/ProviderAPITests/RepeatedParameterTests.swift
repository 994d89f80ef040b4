import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("Parameters that repeat, and errors of GraphQL")
struct RepeatedParameterTests {
    private static func created(_ request: String, _ parameters: String = "{}", answer: StubResponse = .json(#"{"id":"1"}"#)) async throws
        -> (outcome: CreateOutcome, requests: [StubRequest])
    {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { \(request), export: { id: .response.body.id } }
            status: { request: "GET /x", state: .response.body.s, states: { ready: DONE } }
            files: { items: .response.body.files }
            """
        let provider = try await TestProvider(yaml, parameters: parameters) { _ in answer }
        let outcome = await provider.client.create(provider.job)
        return (outcome, provider.server.requests)
    }

    @Test(
        "repeat for each template of a list and for each output of a filter",
        arguments: [
            ("[a, \"{{ .parameters.kind }}\", 3]", "n=a&n=k%20l&n=3"),
            ("\"{{ .parameters.ids[] }}\"", "n=1&n=12345678901234567890&n=%22%26"),
            ("[\"{{ .parameters.ids[:2][] }}\", last]", "n=1&n=12345678901234567890&n=last"), ("\"{{ .parameters.kind }}\"", "n=k%20l"),
            ("\"{{ .parameters.none[]? }}\"", ""), ("[\"{{ empty }}\", b]", "n=b"), ("\"{{ .parameters.ids | length }}\"", "n=3"),
        ])
    func repeated(value: String, sent: String) async throws {
        let parameters = #"{"kind":"k l","ids":[1,12345678901234567890,"\"&"]}"#
        let (query, asked) = try await Self.created("request: POST /x, query: { n: \(value) }", parameters)
        #expect(query == .created(exportHandle: #"{"id":"1"}"#))
        #expect(asked.first?.target == (sent.isEmpty ? "/x" : "/x?" + sent))
        let (form, posted) = try await Self.created("request: POST /x, form: { n: \(value), z: y }", parameters)
        #expect(form == .created(exportHandle: #"{"id":"1"}"#))
        #expect(posted.first?.body == (sent.isEmpty ? "z=y" : sent + "&z=y"))
    }

    @Test("are not sent if one of the outputs is null, or the filter fails", arguments: ["[1,null]", "7"]) func missing(ids: String)
        async throws
    {
        for place in ["query", "form"] {
            let (outcome, requests) = try await Self.created(
                "request: POST /x, \(place): { n: \"{{ .parameters.ids[] }}\" }", "{\"ids\":\(ids)}")
            guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
            #expect(failure.failureClass == .permanent && failure.message.contains("create.\(place).n"), "\(failure.message)")
            #expect(requests.isEmpty)
        }
    }

    @Test(
        "of GraphQL that are a text are judged by the HTTP code",
        arguments: [(401, FailureClass.unauthorised), (400, .permanent), (502, .transient), (429, .throttled)])
    func graphQL(status: Int, failureClass: FailureClass) async throws {
        let answer = StubResponse.json(#"{"errors":"[API] invalid key or access token"}"#, status: status)
        let (outcome, _) = try await Self.created("request: POST /x, graphql: { query: \"{ x }\" }", answer: answer)
        guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.failureClass == failureClass && failure.code == "http-\(status)")
        #expect(failure.message.contains("invalid key or access token"), "\(failure.message)")
    }
}
