import EventThread
import Foundation
import Synchronization
import Testing

@testable import HTTPClient

@Suite("Requests and whole responses")
struct SendTests {
    @Test("status, headers in order and body of a GET arrive")
    func get() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 203 Yes\r\nX-Two: a\r\nContent-Length: 5\r\nx-two:  b \r\nX-Folded: one\r\n two\r\n\r\nhello")
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withClient { client async throws in
            let response = try await client.send(
                HTTPRequest(.get, server.url + "/a/../b//c?q=1#f", headers: [("X-A", "1"), ("X-Empty", "")]))
            #expect(response.status == 203)
            #expect(response.body == Array("hello".utf8))
            #expect(response.headers["CONTENT-LENGTH"] == "5")
            #expect(response.headers.values(of: "X-two") == ["a", "b"])
            #expect(response.headers["x-folded"] == "one two")
            #expect(response.headers.fields.map(\.name) == ["X-Two", "Content-Length", "x-two", "X-Folded"])
            #expect(response.headers["x"] == nil)
        }
        let request = try #require(server.requests.first)
        #expect(request.method == "GET")
        #expect(request.target == "/a/../b//c?q=1")
        #expect(request["x-a"] == "1")
        #expect(request["x-empty"] == "")
        #expect(request["user-agent"] == "longhaul")
    }

    @Test(
        "a callback is called once, on its caller's thread, with the response or the error", arguments: [true, false])
    func callbacks(sharesThread: Bool) async throws {
        let server = try RawServer(answering: { RawServer.response($0.target) })
        defer { server.stop() }
        try await withClient { client async throws in
            let caller = sharesThread ? await client.thread : EventThread(name: "caller")
            defer { if !sharesThread { caller.stop() } }
            let called = Mutex(0)
            for url in [server.url + "/here", "nowhere"] {
                let result = await withCheckedContinuation { continuation in
                    caller.perform {
                        client.send(HTTPRequest(.get, url), from: caller) { result in
                            #expect(caller.isCurrent)
                            called.withLock { $0 += 1 }
                            continuation.resume(returning: result)
                        }
                    }
                }
                switch result {
                case .success(let response): #expect(response.body == Array("/here".utf8))
                case .failure(let error): #expect(error.kind == .invalidRequest)
                }
            }
            #expect(called.withLock { $0 } == 2)
            #expect(await client.held == 0)
        }
        #expect(server.requests.count == 1)
    }

    @Test("each method sends its body, with a length and without Expect", arguments: ["POST", "PUT", "PATCH", "DELETE"])
    func bodies(method: String) async throws {
        let server = try RawServer(answering: { request in RawServer.response("\(request.method) \(request.body.count)") })
        defer { server.stop() }
        let sizes = [0, 1, 1000, 16 << 10, 17 << 10, 3 << 20]
        try await withClient { client async throws in
            for size in sizes {
                let request = HTTPRequest(
                    HTTPMethod(rawValue: method), server.url, headers: [("Content-Type", "x/y")], body: .bytes(Pattern.bytes(0..<size)))
                let response = try await client.send(request)
                #expect(String(decoding: response.body, as: UTF8.self) == "\(method) \(size)")
            }
        }
        for (request, size) in zip(server.requests, sizes) {
            #expect(Pattern.matches(request.body, at: 0) && request.body.count == size)
            #expect(request["content-length"] == "\(size)")
            #expect(request["expect"] == nil)
            #expect(request.headers.filter { $0.name == "content-type" }.map(\.value) == ["x/y"])
        }
        #expect(server.acceptedConnections == 1)
    }

    @Test("a handle that sent a HEAD, a body or nothing sends the next request correctly")
    func methodsInTurn() async throws {
        let server = try RawServer(answering: { request in
            request.method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" : RawServer.response(request.method)
        })
        defer { server.stop() }
        let big = [UInt8](repeating: 1, count: 100_000)
        let sequence: [(HTTPMethod, HTTPRequestBody)] = [
            (.head, .none), (.get, .none), (.put, .bytes(big)), (.get, .none), (.post, .bytes([1])), (.delete, .none), (.put, .none),
            (.head, .none), (.post, .none), (.options, .none), (.get, .none),
        ]
        try await withClient { client async throws in
            for (method, body) in sequence {
                let response = try await client.send(HTTPRequest(method, server.url, body: body))
                #expect(response.status == 200)
                #expect(response.body == (method == .head ? [] : Array(method.rawValue.utf8)))
            }
        }
        #expect(server.requests.map(\.method) == sequence.map(\.0.rawValue))
        #expect(server.requests.map(\.body.count) == [0, 0, 100_000, 0, 1, 0, 0, 0, 0, 0, 0])
        #expect(server.requests.allSatisfy { $0["content-type"] == nil })
        #expect(
            server.requests.filter { $0.body.isEmpty && ["GET", "DELETE"].contains($0.method) }.allSatisfy { $0["content-length"] == nil })
        #expect(server.requests[6]["content-length"] == "0")
    }

    @Test("sequential requests reuse one connection")
    func keepAlive() async throws {
        let server = try RawServer(answering: { _ in RawServer.response("ok") })
        defer { server.stop() }
        try await withClient { client async throws in
            for _ in 0..<200 { #expect(try await client.send(HTTPRequest(.get, server.url)).status == 200) }
        }
        #expect(server.acceptedConnections == 1)
        #expect(server.requests.count == 200)
    }

    @Test("1,000 concurrent requests share the connections that a host may have")
    func boundedConnections() async throws {
        let server = try RawServer(answering: { RawServer.response($0.target) })
        defer { server.stop() }
        try await withClient { client in try await sendThousand(to: server, by: client) }
        #expect(server.acceptedConnections <= 64)
        #expect(server.requests.count == 1000)
    }

    @Test("1,000 requests are in flight at once when a host may have as many connections")
    func thousandInFlight() async throws {
        try raiseDescriptorLimit(to: 4096)
        let together = NSCondition()
        let count = Mutex(0)
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                // The server responds to no request before it has received all of them.
                together.lock()
                if count.withLock({
                    $0 += 1; return $0
                }) == 1000 {
                    together.broadcast()
                }
                while count.withLock({ $0 }) < 1000 { together.wait() }
                together.unlock()
                connection.send(RawServer.response(request.target))
            }
        }
        defer { server.stop() }
        let configuration = HTTPClientConfiguration(maxConnectionsPerHost: 1000, maxConnections: 1000, egress: .loopback)
        try await withClient(configuration) { client in try await sendThousand(to: server, by: client) }
        #expect(server.acceptedConnections == 1000)
    }

    private func sendThousand(to server: RawServer, by client: HTTPClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                group.addTask {
                    let response = try await client.send(HTTPRequest(.get, server.url + "/\(number)"))
                    #expect(response.body == Array("/\(number)".utf8))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a connection that the server closed while idle is replaced")
    func idleClose() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send(RawServer.response("once"))
        }
        defer { server.stop() }
        try await withClient { client async throws in
            for round in 1...20 {
                #expect(try await client.send(HTTPRequest(.get, server.url)).status == 200)
                await eventually("the server has closed it") { server.openConnections == 0 }
                #expect(server.acceptedConnections == round)
            }
        }
    }

    @Test("a compressed body is decoded if requested")
    func compression() async throws {
        // gzip of "hello"
        let zipped: [UInt8] = [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0]
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                connection.send(Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(zipped.count)\r\n\r\n".utf8) + zipped)
            }
        }
        defer { server.stop() }
        try await withClient { client async throws in
            let decoded = try await client.send(HTTPRequest(.get, server.url, acceptsCompression: true))
            #expect(decoded.body == Array("hello".utf8))
            #expect(try await client.send(HTTPRequest(.get, server.url)).body == zipped)
        }
        #expect(server.requests[0]["accept-encoding"]?.contains("gzip") == true)
        #expect(server.requests[1]["accept-encoding"] == nil)
    }
}
