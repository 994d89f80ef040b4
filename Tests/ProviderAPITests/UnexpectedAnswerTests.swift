import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("Unexpected answers")
struct UnexpectedAnswerTests {
    static let yaml = """
        provider: p
        baseURL: BASE
        create: { request: POST /x, headers: { Idempotency-Key: "{{ .job.id }}" }, export: { id: .response.body.id } }
        status: { request: "GET /x", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /f, items: .response.body.files }
        """

    func provider(_ answer: StubResponse) async throws -> TestProvider { try await TestProvider(Self.yaml) { _ in answer } }

    @Test("a byte-order mark is no part of the JSON")
    func marks() async throws {
        let json = #"{"s":"DONE"}"#
        let units = Array(json.utf16)
        let bodies: [[UInt8]] = [
            [0xEF, 0xBB, 0xBF] + Array(json.utf8), [0xFF, 0xFE] + units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] },
            [0xFE, 0xFF] + units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] },
        ]
        for (body, type) in zip(bodies, ["text/html", "application/json", "text/plain"]) {
            let provider = try await provider(StubResponse(headers: ["Content-Type": type], body: body))
            #expect(await provider.client.check(provider.job, exportHandle: "{}") == .ready(exportHandle: nil, page: nil))
        }
    }

    @Test(
        "an answer that the file cannot read is quoted, with its status and type, and asked for again",
        arguments: [
            (
                "<html>\nlogin</html>", "text/html; charset=x",
                "(text/html), which status.state cannot read: it begins with \"<html> login</html>\""
            ),
            ("OK", nil, "(no media type), which status.state cannot read: it begins with \"OK\""),
            ("{broken", "application/json", "(application/json), but its body is not JSON: it begins with \"{broken\""),
            (#"{"s":"\ud800"}"#, "application/json", "but its body is not JSON: it begins with"),
            ("[1]", "application/json", "(application/json), which status.state cannot read: it begins with \"[1]\""),
        ] as [(String, String?, String)])
    func quoted(body: String, type: String?, message: String) async throws {
        let provider = try await provider(.text(body, headers: type.map { ["Content-Type": $0] } ?? [:]))
        guard case .failure(let failure) = await provider.client.check(provider.job, exportHandle: "{}") else { throw Unexpected(body) }
        #expect(failure.code == "unexpected-answer" && failure.failureClass == .transient)
        #expect(
            failure.message.hasPrefix("status at \(provider.server.url)/x answered 200 (") && failure.message.contains(message),
            "\(failure.message)")
        #expect(failure.answer?.status == 200 && failure.answer?.request == "GET \(provider.server.url)/x")
        guard case .failed(let created) = await provider.client.create(provider.job) else { throw Unexpected(body) }
        #expect(created.code == "unexpected-answer" && created.failureClass == .transient && created.mayHaveRun)
    }

    @Test("null in place of a list is unexpected, and an item without a url is not listed yet")
    func lists() async throws {
        let cases: [(String, String, FailureClass)] = [
            (#"{"files":null}"#, "unexpected-answer", .transient), (#"{"files":[{"url":null}]}"#, "nothing-listed", .notYet),
            (#"{"files":[{"url":"/a"},{"name":"b"}]}"#, "nothing-listed", .notYet), (#"{"files":[{"url":""}]}"#, "nothing-listed", .notYet),
            (#"{"files":[1]}"#, "invalid-file-list", .permanent), (#"{"files":[{"url":"ftp://x/y"}]}"#, "invalid-file-list", .permanent),
            (#"{"files":[{"url":7}]}"#, "invalid-file-list", .permanent),
            (#"{"files":[{"url":"/a","md5":"x"}]}"#, "invalid-file-list", .permanent),
        ]
        for (body, code, failureClass) in cases {
            let provider = try await provider(.json(body))
            guard case .failure(let failure) = await provider.client.files(provider.job, exportHandle: "{}") else { throw Unexpected(body) }
            #expect(failure.code == code && failure.failureClass == failureClass, "\(body): \(failure.message)")
            #expect(failure.countsAsAttempt == (failureClass != .notYet) && failure.answer?.status == 200)
        }
        let empty = try await provider(.json(#"{"files":[]}"#))
        #expect(await empty.client.files(empty.job, exportHandle: "{}") == .page(files: [], next: nil))
    }

    @Test("a page token that is not one, and a page that leads to itself, fail at once")
    func pages() async throws {
        let yaml = Self.yaml.replacing("items: .response.body.files", with: "items: .response.body.files, next: '\"/f\"'")
        let provider = try await TestProvider(yaml) { _ in .json(#"{"files":[]}"#) }
        for (page, code) in [("{}", "invalid-page"), ("{\"url\":\"\(provider.server.url)/f\"}", "paging-loop")] {
            guard case .failure(let failure) = await provider.client.files(provider.job, exportHandle: "{}", page: page) else {
                throw Unexpected(page)
            }
            #expect(failure.code == code && failure.failureClass == .permanent)
        }
    }

    @Test("a list that answers 202 is not there yet, one that answers 204 is empty, and a rule can say otherwise")
    func acceptedList() async throws {
        let answer = StubResponse.json(#"{"files":[{"url":"/a"}]}"#, status: 202, headers: ["Retry-After": "7"])
        let later = try await provider(answer)
        let outcome = await later.client.files(later.job, exportHandle: "{}")
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.failureClass == .notYet && failure.code == "not-ready" && failure.retryAfter == .seconds(7))
        #expect(!failure.countsAsAttempt && failure.answer?.status == 202)
        let empty = try await provider(.text("", status: 204))
        #expect(await empty.client.files(empty.job, exportHandle: "{}") == .page(files: [], next: nil))
        let yaml = Self.yaml.replacing(
            "items: .response.body.files", with: "items: .response.body.files, errors: [{ when: .response.status == 202, class: ok }]")
        let ruled = try await TestProvider(yaml) { _ in answer }
        guard case .page(let files, nil) = await ruled.client.files(ruled.job, exportHandle: "{}") else { throw Unexpected(yaml) }
        #expect(files.map(\.name) == ["a"])
    }

    @Test("a relative URL may hold a colon in its query, and an empty reference is the page itself")
    func references() async throws {
        let yaml = Self.yaml.replacing("items: .response.body.files", with: "items: .response.body.files, next: .response.body.next")
        for (next, target) in [("items?after=2024-01-01T10:00:00", "/items?after=2024-01-01T10:00:00"), ("#end", "/f#end")] {
            let provider = try await TestProvider(yaml) { _ in .json("{\"files\":[],\"next\":\"\(next)\"}") }
            let outcome = await provider.client.files(provider.job, exportHandle: "{}")
            #expect(outcome == .page(files: [], next: "{\"url\":\"\(provider.server.url)\(target)\"}"))
        }
        let here = try await TestProvider(Self.yaml.replacing(".response.body.id", with: ".response.headers.location")) { _ in
            .text("", status: 201, headers: ["Location": ""])
        }
        #expect(await here.client.create(here.job) == .created(exportHandle: "{\"id\":\"\(here.server.url)/x\"}"))
    }
}
