import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("The body of an answer")
struct AnswerFormTests {
    /// The state that a filter reads from an answer.
    private static func state(_ form: String, _ filter: String, _ body: String, type: String = "text/plain") async throws -> CheckOutcome {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /x, export: { id: .response.body.id } }
            status: { request: "GET /x/{{ .export.id }}", answer: \(form), state: '\(filter)', states: { running: "7", ready: DONE } }
            files: { request: GET /f, items: .response.body.files }
            """
        let provider = try await TestProvider(yaml) { _ in .text(body, headers: ["Content-Type": type]) }
        return await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#)
    }

    @Test(
        "is read as the file says, whatever its type",
        arguments: [
            ("json", ".response.body.n", #" {"n":7}"#), ("json", ".response.body", "7"),
            ("ndjson", ".response.body[1].n", "{}\n\n{\"n\":7}\r\n"),
            ("csv", ".response.body[1].n", "id,n\r\n1,3\r\n2,7"), ("csv", ".response.body[0].n", "\"i;d\";n\n\"a;\"\"\nb\";7\n"),
            ("csv", ".response.body | length | . + 7", "id\n"), ("text", ".response.body", "7"),
            ("xml", ".response.body.a.n", "<?xml version='1.0'?><a><n>7</n></a>"),
            ("xml", #".response.body.a["@n"]"#, "<x:a xmlns:x='y' n='7'><b/></x:a>"),
            ("xml", ".response.body.a.b[1].c", "<a><b/><b><c>7</c></b></a>"), ("xml", ".response.body.a", "<a><![CDATA[7]]></a>"),
            ("xml", ##".response.body.a["#text"]"##, "<a x='1'> 7 <!-- c --></a>"),
            ("xml", ".response.body.a.n", "<a><n>\n 7 \n</n></a>"),
            ("xml", #".response.body.a["@type"]"#, "<a type='7' x:type='8' xmlns:x='y'/>"),
            ("xml", "[.response.body.a.b] | flatten | .[0]", "<a><b>7</b></a>"), ("auto", ".response.body", "7"),
        ])
    func forms(form: String, filter: String, body: String) async throws {
        #expect(try await Self.state(form, filter, body) == .running(progress: nil, retryAfter: nil))
    }

    @Test(
        "that is not of its form is an error that says why",
        arguments: [
            ("json", "<html>", "not JSON"), ("ndjson", "{}\n{", "not JSON lines"),
            ("csv", "a,b\n1\n", "row 2 has 1 fields, the first has 2"),
            ("csv", "a,a\n", "two columns have the same name"), ("csv", "a\n\"x", "a quote is not closed"),
            ("csv", "a\n\"x\"y", "text follows a closed quote"),
            ("xml", "<a><b></a>", "not XML"), ("xml", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "it has a document type"),
            ("xml", String(repeating: "<a>", count: 300), "more than 200 levels"),
        ])
    func unreadable(form: String, body: String, problem: String) async throws {
        let outcome = try await Self.state(form, ".response.body.n", body)
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.code == "unexpected-answer" && failure.failureClass == .transient)
        #expect(failure.message.contains(problem), "\(failure.message)")
    }

    @Test("that is an error may be of another form") func error() async throws {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /x, answer: xml, export: { id: .response.body.a.id }, errors: [{ when: .response.body.busy, class: throttled }] }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
            files: { items: .response.body.files }
            """
        let provider = try await TestProvider(yaml) { _ in .json(#"{"busy":true}"#, status: 500) }
        guard case .failed(let failure) = await provider.client.create(provider.job) else { throw Unexpected("success") }
        #expect(failure.failureClass == .throttled)
        #expect(provider.server.requests.first?.headers["accept"] == "application/xml")
    }
}
