import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("Secrets in what answers repeat")
struct RedactionTests {
    static let yaml = """
        provider: p
        baseURL: BASE
        auth: { basic: { username: user, password: "{{ .secrets.TOKEN }}" } }
        create: { request: POST /x, export: { url: .response.body.url } }
        status:
          request: GET {{ .export.url }}
          state: .response.body.s
          states: { ready: DONE }
          errors: [{ when: .response.body.kind, class: .response.body.kind }]
        files: { request: GET /f, items: .response.body.files, next: .response.body.next }
        """
    static let token = "s3cret-t0ken/+x"

    func provider(_ answer: StubResponse) async throws -> TestProvider {
        try await TestProvider(Self.yaml, secrets: ["TOKEN": Self.token]) { _ in answer }
    }

    func expectNoPart(_ failure: Failure) {
        let text = failure.message + (failure.answer?.description ?? "")
        #expect(!text.contains("s3c"), "\(text)")
    }

    @Test("a secret that begins where a quotation ends is not quoted in part", arguments: [0, 1, 3, 5, 8, 12, 16, 20, 24, 28, 32])
    func cut(shift: Int) async throws {
        func padded(_ length: Int) -> String { String(repeating: "x", count: length - shift) + Self.token }
        let bodies = ["{\"files\":[\"\(padded(98))\"]}", "{\"files\":[],\"next\":[\"\(padded(197))\"]}"]
        for body in bodies {
            let provider = try await provider(.json(body))
            let outcome = await provider.client.files(provider.job, exportHandle: "{}")
            guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
            expectNoPart(failure)
        }
        let plain = String(repeating: "x", count: 297 - shift) + "s3cret-t0ken"
        for (url, answer) in [
            ("/" + plain, StubResponse.text("no", status: 500)), ("/x", .json("{\"kind\":\"\(plain.dropFirst(200))\"}")),
            ("/x", .text("no", status: 500, headers: ["Content-Type": "text/" + plain.dropFirst(203)])),
        ] {
            let provider = try await TestProvider(Self.yaml, secrets: ["TOKEN": "s3cret-t0ken"]) { _ in answer }
            let outcome = await provider.client.check(provider.job, exportHandle: "{\"url\":\"\(url)\"}")
            guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
            expectNoPart(failure)
        }
    }

    @Test("base64 of a secret, alone and as a part, is hidden", arguments: ["", "user:", "a:", "ab:"], ["", ":x", "yy"])
    func base64(before: String, after: String) async throws {
        let encoded = Data((before + Self.token + after).utf8).base64EncodedString()
        for text in [encoded, encoded.replacing("+", with: "-").replacing("/", with: "_")] {
            let provider = try await provider(.text("you sent Basic \(text).", status: 401))
            let outcome = await provider.client.create(provider.job)
            guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
            let shown = failure.message
            #expect(shown.contains("***"), "\(shown)")
            let inner = Data(Self.token.utf8).base64EncodedString().prefix(12)
            #expect(!shown.contains(inner) && !shown.contains(text))
        }
    }

    @Test("a secret is hidden in hexadecimal, with entities, and percent-encoded or escaped in other ways")
    func otherForms() async throws {
        let secret = "p&ss\"w/rd'<1>"
        let client = try await TestProvider(Self.yaml, secrets: ["TOKEN": secret]) { _ in .text("") }.client
        let hex = secret.utf8.map { String($0, radix: 16) }.joined()
        for form in [
            hex, hex.uppercased(), "p&amp;ss&quot;w/rd&#39;&lt;1&gt;", "p&amp;ss&#34;w/rd'&lt;1&gt;", "p%26ss%22w%2frd%27%3c1%3e",
            #"p&ss\\\"w/rd'<1>"#,
        ] {
            #expect(client.excerpt(of: Array("a \(form) b".utf8)) == "a *** b", "\(form)")
        }
    }

    @Test("an excerpt of bytes is one line without secrets, controls and invisible marks")
    func excerpt() async throws {
        let client = try await provider(.text("")).client
        func excerpt(_ text: String) -> String { client.excerpt(of: Array(text.utf8)) }
        #expect(excerpt("a\r\nb\u{85}c\u{9B}d\u{2028}e\tf") == "a b c d e f")
        #expect(client.excerpt(of: [0xFF, 0xFE] + "<é>".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }) == "<é>")
        #expect(client.excerpt(of: "<é>".utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }) == "<é>")
        #expect(excerpt("\u{FEFF}a\u{202E}b\u{200B}c\u{2066}") == "abc")
        #expect(excerpt("x s3cret\u{200B}-t0ken/+x y") == "x *** y")
        #expect(excerpt(String(repeating: "x", count: 195) + Self.token) == String(repeating: "x", count: 195) + "***")
        #expect(excerpt(String(repeating: "é", count: 9000)) == String(repeating: "é", count: 200))
        #expect(excerpt(" \n ") == "" && client.excerpt(of: []) == "")
        #expect(client.excerpt(of: [0xFF, 0xFE, 0x61, 0x00]) == "a" && client.excerpt(of: [0x61, 0xFF]) == "a\u{FFFD}")
        let many = String(repeating: Self.token, count: 8000 / Self.token.count) + Self.token
        #expect(!excerpt(many).contains("s3"))
    }
}
