import EventThread
import Logging
import TestServers
import Testing

@testable import HTTPClient

@Suite("An HTTP client behind a proxy", .timeLimit(.minutes(1)))
struct ProxyTests {
    private static let thread = EventThread(name: "proxy-tests")

    private static func client(_ proxy: ProxyRules = .none, egress: EgressPolicy = .all) -> HTTPClient {
        HTTPClient(HTTPClientConfiguration(egress: egress, proxy: proxy), on: thread, logger: Logger(label: "tests"))
    }

    private static func get(_ url: String, _ client: HTTPClient, proxy: ProxyRules? = nil) async throws(HTTPError) -> HTTPResponse {
        try await client.send(HTTPRequest(.get, url, proxy: proxy))
    }

    /// The kind of the error that a request fails with.
    private static func failure(_ url: String, _ client: HTTPClient) async -> HTTPError.Kind? {
        do throws(HTTPError) { _ = try await get(url, client) } catch { return error.kind }
        return nil
    }

    @Test("sends a request to the proxy, with the name and password of its URL, and no other credentials") func asks() async throws {
        let proxy = try StubServer { _ in .text("by proxy") }
        defer { proxy.stop() }
        let rules = ProxyRules(http: proxy.url.replacing("http://", with: "http://user:s3cret@"))
        let response = try await Self.get("http://exports.invalid/a?b=1", Self.client(rules))
        #expect(response.body == Array("by proxy".utf8))
        let asked = try #require(proxy.requests.first)
        #expect(asked.line == "GET http://exports.invalid/a?b=1")
        #expect(asked.headers["proxy-authorization"] == "Basic dXNlcjpzM2NyZXQ=")
    }

    @Test("asks a proxy to connect to an https host") func connects() async throws {
        let proxy = try StubServer { _ in .text("no", status: 403) }
        defer { proxy.stop() }
        let client = Self.client(ProxyRules(https: proxy.url))
        #expect(await Self.failure("https://exports.invalid/", client) != nil)
        #expect(proxy.requests.first?.line == "CONNECT exports.invalid:443")
    }

    @Test("reaches exceptions directly, and a request's own rules count over the client's") func exceptions() async throws {
        let proxy = try StubServer { _ in .text("by proxy") }
        let server = try StubServer { _ in .text("directly") }
        defer {
            proxy.stop()
            server.stop()
        }
        let client = Self.client(ProxyRules(http: proxy.url, https: nil, exceptions: "127.0.0.0/8, example.com"))
        #expect(try await Self.get(server.url, client).body == Array("directly".utf8))
        #expect(try await Self.get("http://other.invalid/", client).body == Array("by proxy".utf8))
        #expect(try await Self.get(server.url, client, proxy: ProxyRules(http: proxy.url)).body == Array("by proxy".utf8))
        #expect(try await Self.get(server.url, Self.client(), proxy: ProxyRules.none).body == Array("directly".utf8))
    }

    @Test(
        "knows names with their subdomains, addresses, ranges, ports and everything as exceptions",
        arguments: [
            ("example.com", "http://example.com", true), ("example.com", "http://a.example.com", true),
            ("example.com", "http://notexample.com", false), (".example.com", "http://a.example.com", true),
            ("*.example.com", "http://a.example.com", true), ("10.0.0.0/8", "http://10.1.2.3", true),
            ("10.0.0.0/8", "http://11.1.2.3", false),
            ("::1", "http://[::1]:8080", true), ("example.com:8080", "http://example.com:8080", true),
            ("example.com:8080", "http://example.com", false), ("*", "http://anything", true), ("", "http://anything", false),
        ])
    func rules(exceptions: String, origin: String, isDirect: Bool) {
        let rules = ProxyRules(http: "http://proxy:3128", https: nil, exceptions: exceptions)
        #expect((rules.proxy(for: origin) == nil) == isDirect)
        #expect(rules.proxy(for: origin.replacing("http:", with: "https:")) == nil, "there is none for https")
    }

    @Test("refuses by way of a proxy what the egress policy forbids, also behind a redirect") func egress() async throws {
        let proxy = try StubServer { request in
            request.target.contains("/moved")
                ? StubResponse(status: 302, headers: ["Location": "http://169.254.169.254/secrets"]) : .text("x")
        }
        defer { proxy.stop() }
        // Public addresses only; that of the proxy does not matter.
        let client = Self.client(ProxyRules(http: proxy.url), egress: .publicOnly)
        for url in ["http://127.0.0.1/", "http://10.0.0.7/", "http://[::1]/", "http://localhost/", "http://169.254.169.254/latest"] {
            #expect(await Self.failure(url, client) == .refusedAddress, "\(url)")
        }
        #expect(proxy.requests.isEmpty)
        #expect(try await Self.get("http://93.184.216.34/", client).body == Array("x".utf8))
        do throws(HTTPError) {
            _ = try await client.send(HTTPRequest(.get, "http://93.184.216.34/moved", redirects: .follow(max: 3)))
            Issue.record("followed")
        } catch {
            #expect(error.kind == .refusedAddress)
        }
    }

    @Test("is not allowed to connect directly to what it reached as a proxy") func noLeak() async throws {
        let proxy = try StubServer { _ in .text("x") }
        defer { proxy.stop() }
        let client = Self.client(ProxyRules(http: proxy.url), egress: .publicOnly)
        _ = try await Self.get("http://93.184.216.34/", client)
        do throws(HTTPError) {
            _ = try await Self.get(proxy.url, client, proxy: ProxyRules.none)
            Issue.record("connected")
        } catch {
            #expect(error.kind == .refusedAddress)
        }
    }
}
