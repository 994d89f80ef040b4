@testable import HTTPClient
import Testing

@Suite("Requests are checked before they are sent")
struct RequestCheckTests {
    @Test(
        "a line break or control character in a header, method or URL is rejected",
        arguments: [
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("X", "a\r\nInjected: b")]),
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("X", "a\nb")]),
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("X", "a\0b")]),
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("X\r\nY", "a")]),
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("X:Y", "a")]),
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("", "a")]),
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("Content-Length", "1")]),
            HTTPRequest(.get, "http://127.0.0.1:1/", headers: [("transfer-encoding", "chunked")]),
            HTTPRequest("GET /x HTTP/1.1\r\nA: b\r\n\r\nGET", "http://127.0.0.1:1/"), HTTPRequest("", "http://127.0.0.1:1/"),
            HTTPRequest(.get, "http://127.0.0.1:1/a\r\nX: y"), HTTPRequest(.get, "http://127.0.0.1:1/a b"),
            HTTPRequest(.get, "http://127.0.0.1:1/\0"),
            HTTPRequest(.get, "file:///etc/passwd"), HTTPRequest(.get, "ftp://127.0.0.1/"), HTTPRequest(.get, "gopher://127.0.0.1/"),
            HTTPRequest(.get, "127.0.0.1"), HTTPRequest(.get, ""), HTTPRequest(.get, "http://"), HTTPRequest(.get, "http:///path"),
            HTTPRequest(.get, "http://:80/"), HTTPRequest(.get, "http://user@/"),
            HTTPRequest(.put, "http://127.0.0.1:1/", body: .stream(length: -1) { nil }),
        ])
    func refused(request: HTTPRequest) async throws {
        try await withClient { client async throws in
            let error = await failure { try await client.send(request) }
            #expect(error?.kind == .invalidRequest)
            #expect(error?.isRetriable == false)
        }
    }

    @Test("the origin is scheme, host and port in lower case")
    func origins() {
        #expect(RequestURL.origin("HTTP://User:pw@Example.COM:80/Path") == "http://example.com")
        #expect(RequestURL.origin("https://example.com:443?q") == "https://example.com")
        #expect(RequestURL.origin("https://example.com:80#f") == "https://example.com:80")
        #expect(RequestURL.origin("http://[::1]:8080/") == "http://[::1]:8080")
        #expect(RequestURL.origin("http://a.example\\@b.example/") == "http://a.example")
    }

    @Test("a Location is resolved against the URL of its request")
    func resolution() {
        func resolve(_ reference: String) -> String? { RequestURL.resolve(reference, against: "https://h.example:8443/a/b?q") }
        #expect(resolve("/c?x=1") == "https://h.example:8443/c?x=1")
        #expect(resolve("c d") == "https://h.example:8443/a/c%20d")
        #expect(resolve("../c") == "https://h.example:8443/c")
        #expect(resolve("?r") == "https://h.example:8443/a/b?r")
        #expect(resolve("//other.example/c") == "https://other.example/c")
        #expect(resolve("http://other.example") == "http://other.example/")
        #expect(resolve("http://a b/") == nil)
    }

    @Test("a URL in logs has no userinfo, query or fragment")
    func redaction() {
        #expect(RequestURL.redacted("https://u:p@h.example:1/a/b?sig=1#x") == "https://h.example:1/a/b")
        #expect(RequestURL.redacted("https://h.example?token=1") == "https://h.example")
        #expect(RequestURL.redacted("https://h.example/@x") == "https://h.example/@x")
        #expect(RequestURL.redacted("secret") == "(not an http or https URL)")
        #expect(RequestURL.redacted("http://h/a\r\nb") == "http://h/a__b")
    }
}
