import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("Large integers stay exact")
struct ExactIntegerTests {
    static let big = "12345678901234567890"
    static let parameters =
        #"{"id":12345678901234567890,"text":"12345678901234567891","list":[1,-9007199254740993,{"a":12345678901234567890}]}"#

    /// What a create sends for this value of a request.
    func sent(_ request: String, answer: String = #"{"id":1}"#) async throws -> (StubRequest?, CreateOutcome) {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { \(request), export: { id: .response.body.id } }
            status: { request: "GET /", state: .response.body.s, states: { ready: R } }
            files: { items: .response.body.files }
            """
        let provider = try await TestProvider(yaml, parameters: Self.parameters) { _ in .json(answer) }
        let outcome = await provider.client.create(provider.job)
        return (provider.server.requests.first, outcome)
    }

    @Test(
        "in a JSON body, numbers are sent as numbers and strings as strings",
        arguments: [
            ("\"{{ .parameters.id }}\"", big), ("\"{{ .parameters.text }}\"", "\"12345678901234567891\""),
            ("\"{{ .parameters.list }}\"", "[1,-9007199254740993,{\"a\":\(big)}]"), ("\"no {{ .parameters.id }}\"", "\"no \(big)\""),
            ("12345678901234567890", big), ("\"12345678901234567890\"", "\"\(big)\""), ("-12345678901234567890", "-\(big)"),
            ("\"{{ .parameters.id | tostring }}\"", "\"\(big)\""), ("\"{{ .parameters.id | tonumber }}\"", big),
            ("\"{{ .parameters.text | tonumber }}\"", "12345678901234567891"),
            ("\"{{ {(.parameters.text): 1} }}\"", "{\"12345678901234567891\":1}"),
            ("\"{{ .parameters.id == \\\"12345678901234567890\\\" }}\"", "true"), ("9007199254740992", "9007199254740992"), ("1.5", "1.5"),
            ("\"{{ \\\"17\\\" | tonumber }}\"", "17"),
        ])
    func bodies(value: String, sent json: String) async throws {
        #expect(try await sent("request: POST /x, json: { v: \(value) }").0?.body == "{\"v\":\(json)}")
    }

    @Test("in paths, queries, forms and headers, their digits are sent")
    func texts() async throws {
        let template = "\"{{ .parameters.id }}\""
        let request = try await sent(
            "request: \"POST /x/{{ .parameters.id }}\", query: { a: \(template), b: \"{{ .parameters.list }}\" }, headers: { X-Id: \(template) }, form: { f: \(template) }"
        ).0
        #expect(request?.target == "/x/\(Self.big)?a=\(Self.big)&b=%5B1%2C-9007199254740993%2C%7B%22a%22%3A\(Self.big)%7D%5D")
        #expect(request?.headers["x-id"] == Self.big && request?.body == "f=\(Self.big)")
    }

    @Test(
        "a handle keeps them as they came, and later requests send them so",
        arguments: ["12345678901234567890", "\"12345678901234567890\""])
    func handles(value: String) async throws {
        let outcome = try await sent("request: POST /x", answer: "{\"id\":\(value)}").1
        #expect(outcome == .created(exportHandle: "{\"id\":\(value)}"))
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /, export: { id: .response.body.id } }
            status:
              request: POST /status
              json: { id: "{{ .export.id }}" }
              state: .response.body.s
              states: { ready: R }
              export: { file: .response.body.file }
            files:
              request: POST /files
              json: { page: "{{ .page }}", file: "{{ .export.file }}" }
              items: .response.body.files
              next: .response.body.next
            """
        let provider = try await TestProvider(yaml) { _ in
            .json("{\"s\":\"R\",\"file\":\(value),\"next\":\(value),\"files\":[]}")
        }
        guard case .ready(let handle?, nil) = await provider.client.check(provider.job, exportHandle: "{\"id\":\(value)}"),
            case .page(_, let next?) = await provider.client.files(provider.job, exportHandle: handle)
        else { throw Unexpected(value) }
        #expect(handle == "{\"id\":\(value),\"file\":\(value)}" && next == "{\"page\":\(value)}")
        _ = await provider.client.files(provider.job, exportHandle: handle, page: next)
        #expect(
            provider.server.requests.map(\.body) == [
                "{\"id\":\(value)}", "{\"page\":null,\"file\":\(value)}", "{\"page\":\(value),\"file\":\(value)}",
            ])
    }

    @Test("text that holds one is not parsed by a filter, which would round it")
    func fromjson() async throws {
        let (request, outcome) = try await sent("request: POST /x, json: { v: \"{{ \\\"[12345678901234567890]\\\" | fromjson }}\" }")
        guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(request == nil && failure.message.contains("would round"))
        let fine = try await sent("request: POST /x, json: { v: \"{{ \\\"[0.12345678901234567,12]\\\" | fromjson | .[1] }}\" }").0
        #expect(fine?.body == #"{"v":12}"#)
    }
}
