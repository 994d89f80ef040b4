import Foundation
@testable import HTTPClient
import Synchronization
import Testing

@Suite("Streamed bodies", .serialized)
struct StreamTests {
    /// Serves bodies of the length in the target, with the pattern, and counts the bytes sent.
    fileprivate static func patternServer(_ sent: @escaping @Sendable (Int) -> Void = { _ in }) throws -> RawServer {
        try RawServer { connection in
            while let request = connection.readRequest(), let length = Int(request.target.dropFirst()) {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
                var position = 0
                while position < length {
                    let count = min(64 << 10, length - position)
                    guard connection.send(Pattern.bytes(position..<(position + count))) else { return }
                    position += count
                    sent(count)
                }
            }
        }
    }

    @Test("200 MB arrive completely, in pieces, without being held in memory")
    func large() async throws {
        // In its own process, whose memory does not include that of other tests.
        await #expect(processExitsWith: .success) {
            let server = try StreamTests.patternServer()
            defer { server.stop() }
            try await withClient { client async throws in
                func read(_ length: Int) async throws -> (largest: Int, growth: Int) {
                    let before = try residentBytes()
                    let stream = try await client.stream(HTTPRequest(.get, server.url + "/\(length)"))
                    try #require(stream.headers.contentLength == Int64(length))
                    var (position, largest, peak) = (0, 0, before)
                    while let piece = try await stream.next() {
                        try #require(Pattern.matches(piece, at: position))
                        position += piece.count
                        largest = max(largest, piece.count)
                        peak = max(peak, try residentBytes())
                    }
                    try #require(position == length)
                    #expect(try await stream.next() == nil)
                    return (largest, peak - before)
                }
                _ = try await read(4_000_000)
                let (largest, growth) = try await read(200_000_000)
                #expect(largest <= 512 << 10)
                #expect(growth < 8 << 20)
            }
        }
    }

    @Test("a peek shows the start of a body and takes nothing from its reader", arguments: [0, 10, 500_000])
    func peek(length: Int) async throws {
        let server = try Self.patternServer()
        defer { server.stop() }
        try await withClient { client async throws in
            let stream = try await client.stream(HTTPRequest(.get, server.url + "/\(length)"))
            for _ in 0..<2 {
                let peeked = try await stream.peek(atMost: 1000)
                #expect(peeked.isWhole == (length <= 1000) && Pattern.matches(peeked.start, at: 0))
            }
            var position = 0
            while let piece = try await stream.next() {
                #expect(!piece.isEmpty && Pattern.matches(piece, at: position))
                position += piece.count
            }
            #expect(position == length)
        }
    }

    @Test("a waiting reader slows the server down and finally gets everything")
    func backPressure() async throws {
        let sent = Mutex(0)
        let server = try Self.patternServer { count in sent.withLock { $0 += count } }
        defer { server.stop() }
        let length = 100_000_000
        try await withClient { client async throws in
            let stream = try await client.stream(HTTPRequest(.get, server.url + "/\(length)"))
            var before = -1
            await eventually("the server is held up") {
                let now = sent.withLock { $0 }
                defer { before = now }
                // This is longer than the sleeps between samples.
                try? await Task.sleep(for: .milliseconds(200))
                return now == before
            }
            // The kernel's socket buffers take 256 KiB and one read.
            #expect(sent.withLock { $0 } < 20_000_000)
            var position = 0
            while let piece = try await stream.next() {
                #expect(Pattern.matches(piece, at: position))
                position += piece.count
            }
            #expect(position == length)
        }
    }

    @Test("other requests continue while a stream waits for its reader")
    func waitingStreamDisturbsNobody() async throws {
        let server = try Self.patternServer()
        defer { server.stop() }
        try await withClient { client async throws in
            let stream = try await client.stream(HTTPRequest(.get, server.url + "/30000000"))
            for _ in 0..<100 { #expect(try await client.send(HTTPRequest(.get, server.url + "/1000")).body.count == 1000) }
            var count = 0
            while let piece = try await stream.next() { count += piece.count }
            #expect(count == 30_000_000)
        }
    }

    @Test("a chunked body, an empty body and a body that ends with the connection are streamed")
    func framings() async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            switch request.target {
            case "/chunked":
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                connection.send("2;x=y\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n")
            case "/empty": connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            case "/informed": connection.send("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            default: connection.send("HTTP/1.0 200 OK\r\n\r\nall of it")
            }
        }
        defer { server.stop() }
        try await withClient { client async throws in
            for (target, body) in [("/chunked", "abcde"), ("/empty", ""), ("/informed", "hi"), ("/close", "all of it")] {
                let stream = try await client.stream(HTTPRequest(.get, server.url + target))
                #expect(stream.headers["link"] == nil)
                var text: [UInt8] = []
                while let piece = try await stream.next() { text += piece }
                #expect(String(decoding: text, as: UTF8.self) == body)
            }
        }
    }

    @Test("a stream that is dropped or cancelled before its end releases its connection")
    func abandoned() async throws {
        let server = try Self.patternServer()
        defer { server.stop() }
        try await withClient(HTTPClientConfiguration(maxConnectionsPerHost: 2, egress: .loopback)) { client async throws in
            for round in 0..<10 {
                var stream: HTTPStream? = try await client.stream(HTTPRequest(.get, server.url + "/50000000"))
                #expect(try await stream?.next()?.isEmpty == false)
                if round % 2 == 0 {
                    stream?.cancel()
                    #expect(await failure { try await stream?.next() }?.kind == .cancelled)
                }
                stream = nil
            }
            // With two connections per host, the ten above would have starved this one.
            #expect(try await client.send(HTTPRequest(.get, server.url + "/10")).body.count == 10)
            await eventually("nothing is left behind") { await client.held == 0 }
            await eventually("the connections are closed") { server.openConnections <= 1 }
        }
    }

    @Test("a stream dropped unread after its whole body has arrived leaves nothing behind")
    func droppedUnread() async throws {
        let server = try Self.patternServer()
        defer { server.stop() }
        try await withClient { client async throws in
            for _ in 0..<10 { _ = try await client.stream(HTTPRequest(.get, server.url + "/1000")) }
            await eventually("nothing is left behind") { await client.held == 0 }
        }
    }

    @Test("a second reader is rejected and the first continues")
    func secondReader() async throws {
        let mayEnd = DispatchSemaphore(value: 0)
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            mayEnd.wait()
            connection.send("done")
        }
        defer { server.stop() }
        try await withClient { client async throws in
            let stream = try await client.stream(HTTPRequest(.get, server.url))
            async let first = stream.next()
            await eventually("the first reads") { await client.isBeingRead }
            #expect(await failure { try await stream.next() }?.kind == .invalidRequest)
            mayEnd.signal()
            #expect(try await first == Array("done".utf8))
            #expect(try await stream.next() == nil)
        }
    }

    @Test("a streamed upload arrives whole, with its length or chunked, and is read no faster than it is sent", arguments: [true, false])
    func upload(hasLength: Bool) async throws {
        let server = try RawServer(answering: { RawServer.response("\($0.body.count) \(Pattern.matches($0.body, at: 0))") })
        defer { server.stop() }
        let length = 8_000_000
        let position = Mutex(0)
        let body = HTTPRequestBody.stream(length: hasLength ? Int64(length) : nil) {
            position.withLock { position in
                guard position < length else { return nil }
                let count = min(position % 7 == 0 ? 100_000 : 33_333, length - position)
                defer { position += count }
                return Pattern.bytes(position..<(position + count))
            }
        }
        try await withClient { client async throws in
            let response = try await client.send(HTTPRequest(.post, server.url, body: body))
            #expect(String(decoding: response.body, as: UTF8.self) == "\(length) true")
        }
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request["content-length"] == (hasLength ? "\(length)" : nil))
        #expect(request["transfer-encoding"] == (hasLength ? nil : "chunked"))
        #expect(request["expect"] == nil && request["content-type"] == nil)
    }

    @Test("an upload that the server does not read is not read further")
    func uploadBackPressure() async throws {
        let mayRead = DispatchSemaphore(value: 0)
        let server = try RawServer { connection in
            mayRead.wait()
            guard let request = connection.readRequest() else { return }
            connection.send(RawServer.response("\(request.body.count)"))
        }
        defer { server.stop() }
        let pulled = Mutex(0)
        let total = 400
        let body = HTTPRequestBody.stream(length: nil) {
            let count = pulled.withLock {
                $0 += 1; return $0
            }
            return count > total ? nil : [UInt8](repeating: 5, count: 100_000)
        }
        try await withClient { client async throws in
            async let response = client.send(HTTPRequest(.put, server.url, body: body))
            var before = -1
            await eventually("the source is held up") {
                let now = pulled.withLock { $0 }
                defer { before = now }
                try? await Task.sleep(for: .milliseconds(200))
                return now > 0 && now == before
            }
            #expect(pulled.withLock { $0 } < 150)
            mayRead.signal()
            #expect(try await response.body == Array("40000000".utf8))
        }
    }

    @Test("a source that fails, or whose length differs from the announced one, ends the request")
    func uploadFailure() async throws {
        struct Broken: Error {}
        let server = try RawServer(answering: { _ in RawServer.response("?") })
        defer { server.stop() }
        try await withClient { client async throws in
            let failing = HTTPRequest(.put, server.url, body: .stream(length: 10) { throw Broken() })
            let error = await failure { try await client.send(failing) }
            #expect(error?.kind == .uploadSource)
            #expect(error?.cause.contains("Broken") == true)
            for length in [1, 5000] {
                let left = Mutex(2)
                let request = HTTPRequest(
                    .put, server.url,
                    body: .stream(length: Int64(length)) {
                        left.withLock {
                            $0 -= 1; return $0 >= 0 ? [UInt8](repeating: 0, count: 1000) : nil
                        }
                    })
                #expect(await failure { try await client.send(request) }?.kind == .uploadSource)
            }
            #expect(try await client.send(HTTPRequest(.get, server.url)).status == 200)
        }
        #expect(server.requests.map(\.method) == ["GET"])
    }
}
