@testable import HTTPClient
import EventThread
import Logging
import Testing

@Suite("Requests are checked before they are sent")
struct CheckTests {
    @Test(
        "a line break or control character in a header, method or URL is refused",
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
            HTTPRequest(.get, "http://127.0.0.1:1/a\r\nX: y"), HTTPRequest(.get, "http://127.0.0.1:1/a b"), HTTPRequest(.get, "http://127.0.0.1:1/\0"),
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

    @Test("a Location is resolved against the URL that it came from")
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

    @Test("what logs show of a URL has no userinfo, query or fragment")
    func redaction() {
        #expect(RequestURL.redacted("https://u:p@h.example:1/a/b?sig=1#x") == "https://h.example:1/a/b")
        #expect(RequestURL.redacted("https://h.example?token=1") == "https://h.example")
        #expect(RequestURL.redacted("https://h.example/@x") == "https://h.example/@x")
        #expect(RequestURL.redacted("secret") == "(not an http or https URL)")
        #expect(RequestURL.redacted("http://h/a\r\nb") == "http://h/a__b")
    }
}

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    static let example: Int64 = 784_111_777

    @Test(
        "seconds and the three date formats are read",
        arguments: [
            ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
            ("Sun Nov  6 08:49:37 1994", 37), ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Tue, 29 Feb 2000 00:00:00 GMT", 167_670_623 + 37),
        ])
    func valid(value: String, seconds: Int) {
        #expect(RetryAfter.delay(value, now: Self.example - 37) == .seconds(seconds))
    }

    @Test(
        "what is neither is nothing",
        arguments: ["", " ", "-1", "1.5", "soon", "12s", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST"])
    func invalid(value: String) {
        #expect(RetryAfter.delay(value, now: Self.example) == nil)
    }

    @Test("absurdly long waits are bounded")
    func bounded() {
        let century = Duration.seconds(100 * 366 * 86_400)
        #expect(RetryAfter.delay("99999999999999999999999999", now: 0) == century)
        #expect(RetryAfter.delay("Fri, 31 Dec 9999 23:59:59 GMT", now: 0) == century)
    }

    @Test("two digits of a year mean the nearest past when they would lie over 50 years ahead")
    func century() {
        let now = Int64(1_750_000_000)  // 2025
        #expect(HTTPDate.seconds("Sunday, 06-Nov-94 08:49:37 GMT", now: now) == Self.example)
        #expect(HTTPDate.seconds("Saturday, 01-Jan-50 00:00:00 GMT", now: now) == 2_524_608_000)
    }

    @Test("the field is found in the headers")
    func header() {
        #expect(HTTPHeaders([("Retry-After", "7")]).retryAfter(now: 0) == .seconds(7))
        #expect(HTTPHeaders().retryAfter(now: 0) == nil)
    }
}

@Suite("Admission")
struct AdmissionTests {
    @Test("a host gets no more than its connections, in the order of asking")
    func perHost() {
        let admission = Admission(maxPerHost: 2, maxTotal: 10)
        #expect(admission.admit(1, host: "a") && admission.admit(2, host: "a"))
        #expect(!admission.admit(3, host: "a") && !admission.admit(4, host: "a") && !admission.admit(5, host: "a"))
        #expect(admission.admit(6, host: "b"))
        #expect(admission.waiting == 3)
        #expect(admission.release(host: "a") { $0 != 3 } == [4])
        #expect(admission.release(host: "a") { _ in true } == [5])
        #expect(admission.active == 3 && admission.waiting == 0)
    }

    @Test("hosts take turns for the connections in all")
    func turns() {
        let admission = Admission(maxPerHost: 4, maxTotal: 2)
        #expect(admission.admit(1, host: "a") && admission.admit(2, host: "a"))
        for (id, host) in [(3, "a"), (4, "a"), (5, "b"), (6, "b"), (7, "c")] as [(UInt64, String)] { #expect(!admission.admit(id, host: host)) }
        var order: [UInt64] = []
        var held = ["a", "a"]
        let hosts: [UInt64: String] = [3: "a", 4: "a", 5: "b", 6: "b", 7: "c"]
        while !held.isEmpty {
            let next = admission.release(host: held.removeFirst()) { _ in true }
            order += next
            held += next.compactMap { hosts[$0] }
        }
        #expect(order == [3, 5, 7, 4, 6])
        #expect(admission.active == 0 && admission.waiting == 0)
    }
}
