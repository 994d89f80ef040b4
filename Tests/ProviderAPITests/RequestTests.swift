import ExportCore
import ProviderAPI
import Testing

@Suite("Requests")
struct RequestTests {
    /// The result of a create with this request line, and the request that the server received.
    func send(_ line: String, base: String = "BASE", parameters: String) async throws -> (line: String?, failure: Failure?) {
        let yaml = """
            provider: p
            baseURL: \(base)
            create: { request: '\(line)', export: { ok: .response.status } }
            status: { request: "GET /", state: .response.body.s, states: { ready: R } }
            files: { items: .response.body.files }
            """
        let provider = try await TestProvider(yaml, parameters: parameters) { _ in .json("{}") }
        switch await provider.client.create(provider.job) {
        case .failed(let failure): return (provider.server.lines.first, failure)
        default: return (provider.server.lines.first, nil)
        }
    }

    @Test(
        "values in a URL are encoded once",
        arguments: [
            ("GET /x/{{ .parameters.v }}", "GET /x/a%2Fb%20%C3%A9%3F%26%25"),
            ("GET /x/{{ .parameters.v | @uri }}", "GET /x/a%2Fb%20%C3%A9%3F%26%25"),
            ("GET /x?a={{ .parameters.v }}&b=1", "GET /x?a=a%2Fb%20%C3%A9%3F%26%25&b=1"), ("GET /x/{{ .parameters.n }}", "GET /x/7"),
            ("GET /{{ .parameters.path | @text }}/y", "GET /a/b/y"),
            ("GET {{ .parameters.rooted }}?x={{ .parameters.n }}", "GET /r/s%20t?x=7"),
            ("GET /{{ @uri \"\\(.parameters.path)-\\(.parameters.n)\" }}", "GET /a%2Fb-7"),
            ("GET /x/{{ .job.id }}.{{ .job.attempt }}", "GET /x/job-1.2"),
        ])
    func encoding(line: String, sent: String) async throws {
        let result = try await send(line, parameters: #"{"v":"a/b é?&%","n":7,"path":"a/b","rooted":"/r/s%20t"}"#)
        #expect(result.failure == nil)
        #expect(result.line == sent)
    }

    @Test(
        "a missing value in a URL is a permanent failure that names it, and nothing is sent",
        arguments: [
            ("GET /x/{{ .parameters.none }}", "create.request: {{ .parameters.none }} gives null"),
            ("GET /x/{{ .parameters.f }}", "create.request: {{ .parameters.f }} gives false"),
            ("GET /x/{{ empty }}", "create.request: {{ empty }} gives no output"),
            ("GET /x/{{ .parameters.s.t }}", "create.request: Cannot index string with string \"t\", in the filter .parameters.s.t"),
            ("GET /x/{{ .parameters.dots }}/y", "create.request: the values give a path with a . or .. segment"),
            ("GET /x/{{ .parameters.climb | @text }}", "create.request: the values give a path with a . or .. segment"),
            ("GET /x/{{ .parameters.space | @text }}", "create.request: http"),
            ("GET {{ .parameters.ftp }}", "create.request: (not an http or https URL)"),
        ])
    func missing(line: String, message: String) async throws {
        let result = try await send(
            line, parameters: #"{"f":false,"s":"x","dots":"..","climb":"a/../../b","space":"a b","ftp":"ftp://x/y"}"#)
        #expect(result.failure?.failureClass == .permanent)
        #expect(result.failure?.message.hasPrefix(message) == true, "\(String(describing: result.failure))")
        #expect(result.line == nil)
    }

    @Test("a base URL may contain values, which cannot change the rest of its host")
    func baseURL() async throws {
        let result = try await send("GET /x", base: "'BASE/{{ .parameters.tenant }}'", parameters: #"{"tenant":"a/b"}"#)
        #expect(result.line == "GET /a%2Fb/x")
    }

    @Test("parameters that are not a JSON object are a permanent failure", arguments: ["[1]", "{", ""])
    func parameters(json: String) async throws {
        let result = try await send("GET /{{ .parameters.a }}", parameters: json)
        #expect(result.failure?.code == "invalid-parameters")
    }

    @Test("a value cannot break a header")
    func headerInjection() async throws {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /, headers: { X-A: "{{ .parameters.v }}" }, export: { ok: .response.status } }
            status: { request: "GET /", state: .response.body.s, states: { ready: R } }
            files: { items: .response.body.files }
            """
        let provider = try await TestProvider(yaml, parameters: #"{"v":"a\r\nX-Evil: 1"}"#) { _ in .json("{}") }
        guard case .failed(let failure) = await provider.client.create(provider.job) else {
            Issue.record("sent")
            return
        }
        #expect(failure.code == "invalid-request" && failure.failureClass == .permanent)
        #expect(provider.server.requests.isEmpty)
    }
}
