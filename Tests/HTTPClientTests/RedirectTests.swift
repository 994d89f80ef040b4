import Foundation
@testable import HTTPClient
import Testing

@Suite("Redirects")
struct RedirectTests {
    private static func redirecting(_ status: Int, to location: @escaping @Sendable () -> String) throws -> RawServer {
        try RawServer(answering: { request in
            request.target == "/end"
                ? RawServer.response("end")
                : RawServer.response("gone", status: "\(status) Elsewhere", headers: "Location: \(location())\r\n")
        })
    }

    @Test("a redirect is returned as a response unless following is enabled")
    func refused() async throws {
        let server = try Self.redirecting(302) { "/end" }
        defer { server.stop() }
        try await withClient { client async throws in
            let response = try await client.send(HTTPRequest(.get, server.url))
            #expect(response.status == 302)
            #expect(response.headers["location"] == "/end")
            #expect(response.body == Array("gone".utf8))
        }
    }

    @Test("a redirect within its origin keeps credentials, one to another origin drops them", arguments: [false, true])
    func credentials(leavesOrigin: Bool) async throws {
        let other = try Self.redirecting(302) { "/end" }
        defer { other.stop() }
        let server = try Self.redirecting(307) { leavesOrigin ? other.url + "/end" : "/end" }
        defer { server.stop() }
        let headers = [
            ("Authorization", "Bearer secret"), ("Cookie", "secret"), ("X-Api-Key", "secret"), ("X-Mine", "secret"), ("Accept", "a/b"),
        ]
        try await withClient { client async throws in
            let request = HTTPRequest(.get, server.url, headers: headers, redirects: .follow(max: 3), sensitiveHeaders: ["x-mine"])
            #expect(try await client.send(request).body == Array("end".utf8))
            let stream = try await client.stream(request)
            #expect(try await stream.next() == Array("end".utf8))
        }
        let last = try #require((leavesOrigin ? other : server).requests.last)
        #expect(last.target == "/end")
        #expect(last["accept"] == "a/b")
        #expect(last.headers.contains { $0.value.contains("secret") } == !leavesOrigin)
        #expect(server.requests.first?["authorization"] == "Bearer secret")
    }

    @Test("a connection is kept through redirects, and their bodies are not part of the response")
    func reuse() async throws {
        let server = try Self.redirecting(301) { "/end" }
        defer { server.stop() }
        try await withClient { client async throws in
            for _ in 0..<10 {
                #expect(try await client.send(HTTPRequest(.get, server.url, redirects: .follow(max: 1), maxBodyBytes: 3)).body.count == 3)
            }
        }
        #expect(server.acceptedConnections == 1)
    }

    @Test("a loop of redirects ends after the maximum number")
    func loop() async throws {
        let server = try Self.redirecting(302) { "/again" }
        defer { server.stop() }
        try await withClient { client async throws in
            let error = await failure { try await client.send(HTTPRequest(.get, server.url, redirects: .follow(max: 4))) }
            #expect(error?.kind == .redirect && error?.isRetriable == false)
        }
        #expect(server.requests.count == 5)
    }

    @Test("a redirect with an endless body is followed without reading the body")
    func endlessBody() async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            if request.target == "/end" {
                connection.send(RawServer.response("end"))
            } else {
                connection.send("HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n")
                while connection.send([UInt8](repeating: 0, count: 10_000)) {}
            }
        }
        defer { server.stop() }
        try await withClient { client async throws in
            #expect(try await client.send(HTTPRequest(.get, server.url, redirects: .follow(max: 1))).body == Array("end".utf8))
        }
    }

    @Test("a redirect to a forbidden address is rejected by the egress policy")
    func egress() async throws {
        let server = try Self.redirecting(302) { "http://169.254.169.254/latest/meta-data" }
        defer { server.stop() }
        try await withClient { client async throws in
            let error = await failure { try await client.send(HTTPRequest(.get, server.url, redirects: .follow(max: 1))) }
            #expect(error?.kind == .refusedAddress)
            #expect(error?.url == "http://169.254.169.254/latest/meta-data")
        }
    }

    @Test("POST becomes GET after 301, 302 and 303, and is repeated after 307 and 308", arguments: [301, 302, 303, 307, 308])
    func methods(status: Int) async throws {
        let server = try Self.redirecting(status) { "/end" }
        defer { server.stop() }
        try await withClient { client async throws in
            let request = HTTPRequest(
                .post, server.url, headers: [("Content-Type", "x/y")], body: .bytes([1, 2]), redirects: .follow(max: 1))
            #expect(try await client.send(request).status == 200)
        }
        let last = try #require(server.requests.last)
        #expect(last.method == (status < 304 ? "GET" : "POST"))
        #expect(last.body == (status < 304 ? [] : [1, 2]))
        #expect(last["content-type"] == (status < 304 ? nil : "x/y"))
    }

    @Test("a request that must keep its method follows 307 and 308 alone, and says which URL answered", arguments: [302, 303, 307, 308])
    func keepsMethod(status: Int) async throws {
        let server = try Self.redirecting(status) { "/end" }
        defer { server.stop() }
        try await withClient { client async throws in
            let request = HTTPRequest(.post, server.url, body: .bytes([1, 2]), redirects: .followKeepingMethod(max: 1))
            let response = try await client.send(request)
            #expect(response.status == (status < 304 ? status : 200))
            #expect(response.url == (status < 304 ? server.url : server.url + "/end"))
            #expect(try await client.stream(request).url == response.url)
        }
        #expect(server.requests.last?.method == "POST")
    }

    @Test("no redirect goes from https to http or to another scheme, sends a body to another origin or repeats a stream")
    func refusals() {
        func refusal(_ request: HTTPRequest, _ url: String) -> String? {
            do throws(Redirect.Refusal) {
                _ = try Redirect(of: request, from: RequestURL.origin(request.url) ?? "", status: 307, to: url)
                return nil
            } catch { return error.reason }
        }
        let secure = HTTPRequest(.get, "https://a.example/")
        #expect(refusal(secure, "http://a.example/") == "it leads from https to http")
        #expect(refusal(secure, "ftp://a.example/") == "it does not lead to an http or https URL")
        #expect(refusal(secure, "https://b.example/") == nil)
        let post = HTTPRequest(.post, "http://a.example/", body: .bytes([1]))
        #expect(refusal(post, "http://b.example/") == "it would send the body to another origin")
        #expect(refusal(post, "http://a.example:80/x") == nil)
        let bare = HTTPRequest(.delete, "http://a.example/", redirects: .followKeepingMethod(max: 1))
        #expect(refusal(bare, "http://b.example/") == "it would repeat the request at another origin")
        let upload = HTTPRequest(.put, "http://a.example/", body: .stream(length: nil) { nil })
        #expect(refusal(upload, "http://a.example/x") == "it needs the body again, which was a stream")
    }
}
