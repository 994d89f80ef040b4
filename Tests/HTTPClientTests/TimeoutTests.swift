import EventThread
import Foundation
import HTTPClient
import Logging
import Testing

@Suite("Timeouts")
struct TimeoutTests {
    private func expectTimeout(
        _ wait: HTTPError.Wait, after bound: Duration, _ request: HTTPRequest, mayHaveRun: Bool = true, by client: HTTPClient
    ) async {
        let start = ContinuousClock.now
        let error = await failure { try await client.send(request) }
        let taken = ContinuousClock.now - start
        #expect(error?.kind == .timeout(wait))
        #expect(error?.isRetriable == true)
        #expect(error?.mayHaveRun == mayHaveRun)
        #expect(taken >= bound && taken < bound + .seconds(20))
    }

    @Test("a server that never responds exceeds firstByte, and its connection is closed")
    func firstByte() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withClient { client async throws in
            let request = HTTPRequest(.get, server.url, timeouts: HTTPTimeouts(firstByte: .milliseconds(200)))
            await expectTimeout(.firstByte, after: .milliseconds(200), request, by: client)
            await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }

    @Test("a body that stops exceeds stall")
    func stall() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withClient { client async throws in
            let request = HTTPRequest(.get, server.url, timeouts: HTTPTimeouts(stall: .milliseconds(200)))
            await expectTimeout(.stall, after: .milliseconds(200), request, by: client)
        }
    }

    @Test("an upload that the server does not read exceeds stall")
    func uploadStall() async throws {
        let mayClose = DispatchSemaphore(value: 0)
        let server = try RawServer { connection in
            _ = connection.readHead()
            mayClose.wait()
        }
        defer { server.stop() }
        defer { mayClose.signal() }
        try await withClient { client async throws in
            let request = HTTPRequest(
                .put, server.url, body: .bytes([UInt8](repeating: 0, count: 64 << 20)), timeouts: HTTPTimeouts(stall: .milliseconds(300)))
            await expectTimeout(.stall, after: .milliseconds(300), request, by: client)
        }
    }

    @Test("a body that trickles in exceeds whole")
    func whole() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while connection.send("x") { usleep(20_000) }
        }
        defer { server.stop() }
        try await withClient { client async throws in
            let timeouts = HTTPTimeouts(stall: .milliseconds(250), whole: .milliseconds(600))
            await expectTimeout(.whole, after: .milliseconds(600), HTTPRequest(.get, server.url, timeouts: timeouts), by: client)
        }
    }

    @Test("a host that does not accept the connection exceeds connect")
    func connect() async throws {
        // A listener with a full backlog drops further SYNs.
        let full = try Listener(backlog: 0)
        let taken = (0..<4).map { _ in full.connect() } + [full.descriptor]
        defer { for descriptor in taken { close(descriptor) } }
        try await withClient { client async throws in
            let request = HTTPRequest(.get, "http://127.0.0.1:\(full.port)/", timeouts: HTTPTimeouts(connect: .milliseconds(300)))
            await expectTimeout(.connect, after: .milliseconds(300), request, mayHaveRun: false, by: client)
        }
    }

    @Test("a request that gets no connection exceeds queue, and the next in line still gets its turn")
    func queue() async throws {
        let mayAnswer = DispatchSemaphore(value: 0)
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if request.target == "/slow" { mayAnswer.wait() }
                connection.send(RawServer.response(request.target))
            }
        }
        defer { server.stop() }
        try await withClient(HTTPClientConfiguration(maxConnectionsPerHost: 1, egress: .loopback)) { client async throws in
            async let slow = client.send(HTTPRequest(.get, server.url + "/slow"))
            await eventually("the slow one is being served") { server.requests.count == 1 }
            async let patient = client.send(HTTPRequest(.get, server.url + "/patient"))
            let hasty = HTTPRequest(.get, server.url + "/hasty", timeouts: HTTPTimeouts(queue: .milliseconds(200)))
            await expectTimeout(.queue, after: .milliseconds(200), hasty, mayHaveRun: false, by: client)
            mayAnswer.signal()
            #expect(try await slow.status == 200)
            #expect(try await patient.body == Array("/patient".utf8))
        }
        #expect(server.requests.map(\.target) == ["/slow", "/patient"])
        #expect(server.acceptedConnections == 1)
    }

    @Test("a slow source of an upload and a slow reader of a stream are not a stall")
    func ownSlowness() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if request.method == "PUT" {
                    connection.send(RawServer.response("\(request.body.count)"))
                } else {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n")
                    connection.send([UInt8](repeating: 7, count: 20_000_000))
                }
            }
        }
        defer { server.stop() }
        let timeouts = HTTPTimeouts(firstByte: .seconds(1), stall: .seconds(1))
        try await withClient { client async throws in
            let source = SlowSource(chunks: 2, pause: .seconds(2))
            let put = HTTPRequest(.put, server.url, body: .stream(length: nil) { await source.next() }, timeouts: timeouts)
            #expect(try await client.send(put).body == Array("2000".utf8))

            let stream = try await client.stream(HTTPRequest(.get, server.url, timeouts: timeouts))
            try await Task.sleep(for: .seconds(2))
            var count = 0
            while let piece = try await stream.next() { count += piece.count }
            #expect(count == 20_000_000)
        }
    }
}

private actor SlowSource {
    private var chunks: Int
    private let pause: Duration
    init(chunks: Int, pause: Duration) {
        self.chunks = chunks
        self.pause = pause
    }

    func next() async -> [UInt8]? {
        guard chunks > 0 else { return nil }
        chunks -= 1
        // Only cancellation ends the sleep early, when the chunk is no longer needed.
        try? await Task.sleep(for: pause)
        return [UInt8](repeating: 1, count: 1000)
    }
}
