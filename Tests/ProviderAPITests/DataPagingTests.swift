import ExportCore
import HTTPClient
import ProviderAPI
import TestServers
import Testing

@Suite("The pages of data")
struct DataPagingTests {
    @Test("leads to the next by a URL") func nextURL() async throws {
        let provider = try await DataPageTests.provider("data: .response.body.t, next: .response.body.next") { request in
            request.target == "/r/7/rows" ? .json(#"{"t":"1","next":"?p=2"}"#) : .json(#"{"t":"2","next":null}"#)
        }
        let first = try await DataPageTests.text(provider)
        #expect(first.next.token == "{\"url\":\"\(provider.server.url)/r/7/rows?p=2\"}")
        let second = try await DataPageTests.text(provider, at: first.next)
        #expect(first.text + second.text == "12" && second.next.token == nil)
        #expect(provider.server.lines == ["GET /r/7/rows", "GET /r/7/rows?p=2"])
    }

    private static let paged = "data: .response.body.t, next: .response.body.next, query: { after: \"{{ .page // empty }}\" }"

    @Test("leads to the next by a value of any type", arguments: [("12345678901234567890", "12345678901234567890"), ("\"a b\"", "a%20b")])
    func nextValue(json: String, sent: String) async throws {
        let provider = try await DataPageTests.provider(Self.paged) { request in
            request.target == "/r/7/rows" ? .json("{\"t\":\"1\",\"next\":\(json)}") : .json(#"{"t":"2","next":""}"#)
        }
        let first = try await DataPageTests.text(provider)
        #expect(first.next.token == "{\"page\":\(json)}")
        #expect(try await DataPageTests.text(provider, at: first.next).next.token == nil)
        #expect(provider.server.lines == ["GET /r/7/rows", "GET /r/7/rows?after=\(sent)"])
    }

    @Test("that leads to itself fails") func pagingLoop() async throws {
        let provider = try await DataPageTests.provider(Self.paged) { _ in .json(#"{"t":"1","next":"a"}"#) }
        let first = try await DataPageTests.text(provider)
        let failure = try await DataPageTests.failure(provider, at: first.next)
        #expect(failure.failureClass == .permanent && failure.code == "paging-loop")
    }

    // MARK: The body itself

    @Test("may be the body as it is served, of any size, and a header leads to the next") func body() async throws {
        let packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0xFF, 0]
        let long = String(repeating: "x", count: 2 << 20)
        let provider = try await DataPageTests.provider("data: body, as: csv, next: '.response.headers[\"x-next\"]'") { request in
            request.target == "/r/7/rows"
                ? StubResponse(headers: ["Content-Encoding": "gzip", "X-Next": "/more"], body: packed) : .text(long)
        }
        let page = try await provider.client.dataPage(provider.job, exportHandle: DataPageTests.handle, at: DataCursor())
        guard case .body(let stream) = page.content else { throw Unexpected(page.content) }
        #expect(stream.headers["content-encoding"] == "gzip")
        #expect(try await provider.body(stream) == packed)
        #expect(provider.server.requests.first?.headers["accept-encoding"] == "identity")
        let second = try await DataPageTests.page(provider, at: page.next)
        #expect(second.bytes.count == long.utf8.count && second.next.token == nil)
        #expect(provider.server.lines == ["GET /r/7/rows", "GET /more"])
    }

    @Test("may be an error by a rule that reads the body, which takes nothing from the data") func rule() async throws {
        let keys = "data: body, errors: [{ when: .response.body.error?, class: throttled, message: .response.body.error }]"
        let error = try await DataPageTests.provider(keys) { _ in .json(#"{"error":"busy"}"#) }
        let failure = try await DataPageTests.failure(error)
        #expect(failure.failureClass == .throttled && failure.message.hasSuffix("busy"))
        for text in [#"{"a":1}"#, String(repeating: "[", count: 100_000)] {
            let data = try await DataPageTests.provider(keys) { _ in .json(text) }
            #expect(try await DataPageTests.text(data).text == text)
        }
        let refused = try await DataPageTests.failure(try await DataPageTests.provider(keys) { _ in .text("no", status: 500) })
        #expect(refused.failureClass == .transient && refused.code == "http-500" && refused.answer?.start == "no")
    }
}
