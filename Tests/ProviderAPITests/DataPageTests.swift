import ExportCore
import HTTPClient
import ProviderAPI
import TestServers
import Testing

@Suite("A page of data")
struct DataPageTests {
    /// A provider whose `files` holds these keys besides its request.
    static func provider(
        _ files: String, _ handler: @escaping @Sendable (StubRequest) -> StubResponse
    ) async throws -> TestProvider {
        let yaml = """
            provider: rows
            baseURL: BASE
            create: { request: POST /r, export: { id: .response.body.id } }
            status: { request: "GET /r/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
            files: { request: "GET /r/{{ .export.id }}/rows", \(files) }
            """
        return try await TestProvider(yaml, parameters: #"{"report":"orders"}"#, handler)
    }

    static let handle = #"{"id":"7"}"#

    static func page(_ provider: TestProvider, at cursor: DataCursor = DataCursor()) async throws -> (bytes: [UInt8], next: DataCursor) {
        let page = try await provider.client.dataPage(provider.job, exportHandle: handle, at: cursor)
        switch page.content {
        case .bytes(let bytes): return (bytes, page.next)
        case .body(let stream): return (try await provider.body(stream), page.next)
        }
    }

    static func text(_ provider: TestProvider, at cursor: DataCursor = DataCursor()) async throws -> (text: String, next: DataCursor) {
        let (bytes, next) = try await page(provider, at: cursor)
        return (String(decoding: bytes, as: UTF8.self), next)
    }

    static func failure(_ provider: TestProvider, at cursor: DataCursor = DataCursor()) async throws -> Failure {
        try #require(
            await #expect(throws: Failure.self) {
                _ = try await provider.client.dataPage(provider.job, exportHandle: Self.handle, at: cursor)
            })
    }

    // MARK: Forms

    @Test(
        "is what the filter gives, in the form that the file says",
        arguments: [
            ("text", #""a\nb é""#, "a\nb é"), ("text", #"{"a": [1]}"#, #"{"a":[1]}"#),
            ("text", "12345678901234567890", "12345678901234567890"),
            ("base64", #""aGVs\nbG8g\r\nIQ==""#, "hello !"), ("base64", "\"\"", ""),
            ("json", #"{"a": [1, 12345678901234567890], "b": "é"}"#, #"{"a":[1,12345678901234567890],"b":"é"}"#),
            ("json", "null", "null"),
            (
                "ndjson", #"[{"id": 12345678901234567890, "t": "12345678901234567891"}, [1, 2], "x", null]"#,
                "{\"id\":12345678901234567890,\"t\":\"12345678901234567891\"}\n[1,2]\n\"x\"\nnull\n"
            ),
            ("ndjson", "[]", ""), ("csv", "[]", ""),
            ("csv", #"[{"b":"x","a":1.5},{"a":null,"c":true}]"#, "b,a,c\nx,1.5,\n,,true\n"),
            ("csv", #"[{"id":12345678901234567890,"n":-1}]"#, "id,n\n12345678901234567890,-1\n"),
            (
                "csv", #"[{"a":"1,5","b,c":"say \"hi\""},{"a":"x\ny","b,c":"\r"}]"#,
                "a,\"b,c\"\n\"1,5\",\"say \"\"hi\"\"\"\n\"x\ny\",\"\r\"\n"
            ),
            ("csv", #"[{"o":{"d":[1,"x"]},"l":[1,2],"e":{}}]"#, "o,l,e\n\"{\"\"d\"\":[1,\"\"x\"\"]}\",\"[1,2]\",{}\n"),
            ("csv", #"[["id","name"],[1,null],["b,c",[true]]]"#, "id,name\n1,\n\"b,c\",[true]\n"),
        ])
    func forms(form: String, value: String, text: String) async throws {
        let provider = try await Self.provider("data: .response.body.v, as: \(form)") { _ in .json("{\"v\":\(value)}") }
        let (found, next) = try await Self.text(provider)
        #expect(Array(found.utf8) == Array(text.utf8), "\(found)")
        #expect(next.token == nil)
        #expect(provider.server.lines == ["GET /r/7/rows"])
    }

    @Test("of CSV doubles a quote whatever character follows it") func combining() async throws {
        let provider = try await Self.provider("data: .response.body, as: csv") { _ in .json("[{\"a\":\"\\\"\u{301},b\"}]") }
        let (text, _) = try await Self.text(provider)
        #expect(Array(text.utf8) == Array("a\n\"\"\"\u{301},b\"\n".utf8))
    }

    @Test(
        "of another kind than the form is asked for again",
        arguments: [
            ("text", "null", "null where text"), ("base64", "7", "number where base64"),
            ("ndjson", "{}", "object where a list"), ("csv", "{}", "object where a list of rows"),
            ("csv", #"["a"]"#, "string where a row: an object or a list"), ("csv", "null", "null where a list of rows"),
        ])
    func otherKinds(form: String, value: String, message: String) async throws {
        let provider = try await Self.provider("data: .response.body.v, as: \(form)") { _ in .json("{\"v\":\(value)}") }
        let failure = try await Self.failure(provider)
        #expect(failure.failureClass == .transient && failure.code == "unexpected-answer")
        #expect(failure.message == "files.data: the answer holds \(message) is expected", "\(failure.message)")
    }

    @Test("has the columns that the file lists, in their order") func columns() async throws {
        let provider = try await Self.provider("data: .response.body, as: csv, columns: [c, a]") { _ in .json(#"[{"a":1},{"c":2,"a":3}]"#) }
        #expect(try await Self.text(provider).text == "c,a\n,1\n2,3\n")
        let other = try await Self.provider("data: .response.body, as: csv, columns: [a]") { _ in .json(#"[{"a":1,"b":2}]"#) }
        let failure = try await Self.failure(other)
        #expect(failure.failureClass == .permanent && failure.code == "unexpected-columns" && failure.message.contains("\"b\""))
    }

    @Test("has the columns of the first page; a later page may have fewer, but no other") func laterColumns() async throws {
        let keys = "data: .response.body.rows, as: csv, next: .response.body.next, query: { after: \"{{ .page // empty }}\" }"
        let provider = try await Self.provider(keys) { request in
            switch request.target {
            case "/r/7/rows": .json(#"{"rows":[{"a":1,"b":2}],"next":"fewer"}"#)
            case "/r/7/rows?after=fewer": .json(#"{"rows":[{"b":3}],"next":"more"}"#)
            default: .json(#"{"rows":[{"a":4,"z":5}]}"#)
            }
        }
        let first = try await Self.text(provider)
        let second = try await Self.text(provider, at: first.next)
        #expect(first.text == "a,b\n1,2\n" && second.text == "a,b\n,3\n")
        let failure = try await Self.failure(provider, at: second.next)
        #expect(failure.failureClass == .permanent && failure.code == "unexpected-columns" && failure.message.contains("\"z\""))
    }

    // MARK: Answers

    @Test(
        "is asked for later if it is not there yet, or the provider says so",
        arguments: [(202, FailureClass.notYet, "not-ready"), (429, .throttled, "http-429"), (423, .notYet, "http-423")])
    func later(status: Int, failureClass: FailureClass, code: String) async throws {
        for data in ["body", ".response.body"] {
            let answer = StubResponse.json("[]", status: status, headers: ["Retry-After": "7"])
            let provider = try await Self.provider("data: \(data)") { _ in answer }
            let failure = try await Self.failure(provider)
            #expect(failure.failureClass == failureClass && failure.code == code)
            #expect(failure.retryAfter == .seconds(7) && !failure.countsAsAttempt)
        }
    }

    @Test(
        "without content is empty",
        arguments: ["data: body", "data: .response.body.rows, as: csv", "data: .response.body.rows, as: ndjson"])
    func noContent(keys: String) async throws {
        let provider = try await Self.provider(keys) { _ in .text("", status: 204) }
        let (bytes, next) = try await Self.page(provider)
        #expect(bytes.isEmpty && next.token == nil)
    }
}
