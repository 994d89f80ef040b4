import ExportCore
import HTTPClient
import ProviderAPI
import TestServers
import Testing

@Suite("Downloads")
struct DownloadTests {
    func provider(_ answer: StubResponse) async throws -> TestProvider { try await provider("", answer) }

    func provider(_ download: String, more: String = "", _ answer: StubResponse) async throws -> TestProvider {
        try await TestProvider(ProviderFileTests.least.replacing("https://api.example.com", with: "BASE") + "\n\(download)\n\(more)") { _ in
            answer
        }
    }

    func download(_ provider: TestProvider) async throws -> HTTPStream {
        try await provider.client.download(url: provider.server.url + "/f?sig=s3cret", provider.job, exportHandle: "{}")
    }

    func failure(_ provider: TestProvider) async throws -> Failure {
        try #require(await #expect(throws: Failure.self) { _ = try await download(provider) })
    }

    @Test("200 and 203 are the file, which is asked for as it is", arguments: [200, 203])
    func file(status: Int) async throws {
        let provider = try await provider(.text("data", status: status))
        #expect(try await provider.body(download(provider)) == Array("data".utf8))
        #expect(provider.server.requests.first?.headers["accept-encoding"] == "identity")
        let gzip = try await self.provider("download: { headers: { Accept-Encoding: gzip } }", .text("data"))
        _ = try await download(gzip)
        #expect(gzip.server.requests.first?.headers["accept-encoding"] == "gzip")
    }

    @Test(
        "another success is not the file",
        arguments: [
            (202, FailureClass.notYet, "not-ready"), (204, .notYet, "not-ready"), (206, .transient, "http-206"),
            (201, .transient, "http-201"),
        ])
    func noFile(status: Int, failureClass: FailureClass, code: String) async throws {
        let failure = try await failure(try await provider(.text("x", status: status, headers: ["Retry-After": "2"])))
        #expect(failure.failureClass == failureClass && failure.code == code && failure.answer?.status == status)
        #expect(!failure.message.contains("s3cret"))
        if failureClass == .notYet { #expect(!failure.countsAsAttempt && failure.retryAfter == .seconds(2)) }
    }

    @Test("204 is an empty file if the provider file says so")
    func noContent() async throws {
        let provider = try await provider("download: { noContent: empty }", .text("", status: 204))
        #expect(try await provider.body(download(provider)).isEmpty)
    }

    @Test("codes that mean not yet or too fast are waited for, and the answer is quoted")
    func codes() async throws {
        let cases: [(Int, [String: String], FailureClass)] = [
            (409, [:], .notYet), (404, ["Retry-After": "1"], .notYet), (403, ["Retry-After": "1"], .throttled), (404, [:], .gone),
            (529, [:], .throttled),
        ]
        for (status, headers, expected) in cases {
            let failure = try await failure(try await provider(.text("wait", status: status, headers: headers)))
            #expect(failure.failureClass == expected && failure.answer?.start == "wait", "\(status)")
        }
    }

    static let rule = "download: { errors: [{ when: .response.body.error, class: throttled, message: .response.body.error }] }"

    @Test(
        "a rule reads the body of an answer in place of the file, and takes nothing from a file",
        arguments: ["application/json", "text/csv"])
    func rules(type: String) async throws {
        let error = try await provider(Self.rule, .text(#"{"error":"rate limit"}"#, headers: ["Content-Type": type]))
        let failure = try await failure(error)
        #expect(failure.failureClass == .throttled && failure.message.hasSuffix("answered 200 with an error: rate limit"))
        for body in [#"{"a":1}"#, "{" + String(repeating: "x", count: 300_000)] {
            let file = try await provider(Self.rule, .text(body, headers: ["Content-Type": type]))
            #expect(try await file.body(download(file)) == Array(body.utf8))
        }
    }

    @Test("a rule sees status and headers of any answer, and the provider's rules count too")
    func statusRules() async throws {
        let wide = "errors: [{ when: '.response.headers[\"x-error\"]', class: permanent, code: '.response.headers[\"x-error\"]' }]"
        let failure = try await failure(try await provider("", more: wide, .text("x", headers: ["X-Error": "No Such Report"])))
        #expect(failure.code == "no-such-report" && failure.failureClass == .permanent)
        let ok = try await provider("download: { errors: [{ when: .response.status == 206, class: ok }] }", .text("x", status: 206))
        #expect(try await ok.body(download(ok)) == [UInt8(ascii: "x")])
    }

    @Test(
        "the expected media types are known",
        arguments: [
            ("text/csv", "text/csv; charset=utf-8", true), ("text/csv", "TEXT/CSV", true), ("text/csv", "text/html", false),
            ("text/*", "text/html", true), ("*/*", "a/b", true), ("[text/csv, application/zip]", "application/zip", true),
            ("text/csv", nil, nil), ("text/csv", "csv", false),
        ] as [(String, String?, Bool?)])
    func types(expected: String, type: String?, accepts: Bool?) async throws {
        let provider = try await provider(
            "download: { expect: { type: \(expected.hasPrefix("[") ? expected : "\"\(expected)\"") } }", .text(""))
        #expect(provider.client.definition.download.accepts(type: type) == accepts)
        #expect(DownloadRules().accepts(type: type) == nil)
    }

    @Test("a word that is no media type is reported")
    func wrongType() async {
        let problems = await TestProvider.problems(ProviderFileTests.least + "\ndownload: { expect: { type: csv } }")
        #expect(problems.map(\.message) == ["\"csv\" is not a media type"])
    }
}
