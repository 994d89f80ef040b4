import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("The body of a request")
struct BodyTests {
    /// The create request of a file with this body, for these parameters.
    private static func created(_ body: String, _ parameters: String = "{}", answer: StubResponse = .json(#"{"id":"1"}"#)) async throws
        -> (request: StubRequest, outcome: CreateOutcome)
    {
        let (requests, outcome) = try await sent(body, parameters, answer: answer)
        return (try #require(requests.first, "\(outcome)"), outcome)
    }

    private static func sent(_ body: String, _ parameters: String, answer: StubResponse = .json(#"{"id":"1"}"#)) async throws
        -> (requests: [StubRequest], outcome: CreateOutcome)
    {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /x, export: { id: .response.body.id }, \(body) }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
            files: { items: .response.body.files }
            """
        let provider = try await TestProvider(yaml, parameters: parameters) { _ in answer }
        let outcome = await provider.client.create(provider.job)
        return (provider.server.requests, outcome)
    }

    @Test("is text") func text() async throws {
        let (request, _) = try await Self.created(#"text: "a={{ .parameters.a }}""#, #"{"a":"ä & b"}"#)
        #expect(request.body == "a=ä & b" && request.headers["content-type"] == "text/plain; charset=utf-8")
    }

    @Test("is XML, in which values are not markup unless a filter says so") func xml() async throws {
        let body = ##"xml: "<q a='{{ .parameters.a }}'>{{ .parameters.b }}{{ .parameters.c | @text }}</q>""##
        let (request, _) = try await Self.created(body, #"{"a":"'\"","b":"<1> & 2","c":"<ok/>"}"#)
        #expect(request.body == "<q a='&apos;&quot;'>&lt;1&gt; &amp; 2<ok/></q>")
        #expect(request.headers["content-type"] == "application/xml; charset=utf-8")
    }

    @Test("is not sent with a character that XML cannot hold") func control() async throws {
        let (requests, outcome) = try await Self.sent(#"xml: "<q>{{ .parameters.a }}</q>""#, #"{"a":"\u0001"}"#)
        guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(requests.isEmpty && failure.code == "invalid-xml" && failure.failureClass == .permanent)
    }

    @Test("is a form with fields and files") func multipart() async throws {
        let body =
            #"multipart: { kind: "{{ .parameters.k }}", none: "{{ empty }}", file: { content: "id\n1\n", filename: 'a"b.csv', type: text/csv } }"#
        let (request, _) = try await Self.created(body, #"{"k":"longhaul-part-0"}"#)
        #expect(request.headers["content-type"] == "multipart/form-data; boundary=longhaul-part-1")
        let lines = [
            "--longhaul-part-1", #"Content-Disposition: form-data; name="kind""#, "", "longhaul-part-0", "--longhaul-part-1",
            #"Content-Disposition: form-data; name="file"; filename="a%22b.csv""#, "Content-Type: text/csv", "", "id\n1\n",
            "--longhaul-part-1--", "",
        ]
        #expect(request.body == lines.joined(separator: "\r\n"))
    }

    @Test("is a GraphQL operation with typed variables") func graphQL() async throws {
        let body = #"graphql: { query: "query($n: Int) { x(n: $n) { id } }", variables: { n: "{{ .parameters.n }}", s: a } }"#
        let (request, outcome) = try await Self.created(body, #"{"n":12345678901234567890}"#)
        #expect(request.body == #"{"query":"query($n: Int) { x(n: $n) { id } }","variables":{"n":12345678901234567890,"s":"a"}}"#)
        #expect(outcome == .created(exportHandle: #"{"id":"1"}"#))
    }

    @Test(
        "to GraphQL fails with the first error of an answer",
        arguments: [
            (#"{"errors":[{"message":"slow","extensions":{"code":"THROTTLED"}}]}"#, FailureClass.throttled, "throttled"),
            (#"{"errors":[{"message":"no field x"}],"data":null}"#, .permanent, "graphql-error"),
        ])
    func graphQLErrors(answer: String, failureClass: FailureClass, code: String) async throws {
        for status in [200, 400, 500] {
            let (_, outcome) = try await Self.created(#"graphql: { query: "{ x }" }"#, answer: .json(answer, status: status))
            guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
            #expect(failure.failureClass == failureClass && failure.code == code)
            #expect(failure.message.hasSuffix("slow") || failure.message.hasSuffix("no field x"))
        }
    }

    @Test("takes no markup and no field from a value, whatever characters stand beside it") func hostile() async throws {
        let (xml, _) = try await Self.created(#"xml: "<q>{{ .parameters.a }}</q>""#, "{\"a\":\"\u{600}<admin>\u{301}'\u{301}\"}")
        #expect(
            xml.body.utf8.filter { $0 == UInt8(ascii: "<") }.count == 2 && Array(xml.body.utf8).firstRange(of: Array("&apos;".utf8)) != nil)
        let name = #"a\r\n\r\nx\r\n--longhaul-part-0\r\nContent-Disposition: form-data; name=\"z"# + "\u{600}" + #"\"\r\n\r\n1"#
        let (form, _) = try await Self.created(
            #"multipart: { f: { content: c, filename: "{{ .parameters.n }}" } }"#, "{\"n\":\"\(name)\"}")
        #expect(form.body.components(separatedBy: "Content-Disposition").count == 3, "the text, not a field")
        #expect(!form.body.contains("\r\n--longhaul-part-0") && form.body.contains("%22"))
    }

    @Test("is one of them") func one() async {
        let yaml = ProviderFileTests.least.replacing(
            "request: POST /exports,", with: "request: POST /exports, text: a, graphql: { query: b },")
        let problems = await TestProvider.problems(yaml)
        #expect(problems.map(\.message) == ["a request cannot have both text and graphql"])
    }
}
