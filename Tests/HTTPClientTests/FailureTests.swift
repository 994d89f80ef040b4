import EventThread
import Foundation
@testable import HTTPClient
import Logging
import Testing

@Suite("Failures and ends")
struct FailureTests {
    @Test("a truncated body is an error, in whole responses and in streams", arguments: ["length", "chunk", "between", "reset"])
    func truncated(how: String) async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            switch request.target {
            case "/length": connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            case "/chunk": connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this")
            case "/between": connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n")
            default:
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
                // Sends the bytes before the reset.
                usleep(50_000)
                connection.reset()
            }
        }
        defer { server.stop() }
        try await withClient { client async throws in
            let error = await failure { try await client.send(HTTPRequest(.get, server.url + "/\(how)")) }
            #expect(error?.kind == .truncated)
            #expect(error?.isRetriable == true && error?.mayHaveRun == true)

            let stream = try await client.stream(HTTPRequest(.get, server.url + "/\(how)"))
            #expect(try await stream.next() == Array("only this".utf8))
            #expect(await failure { try await stream.next() }?.kind == .truncated)
            #expect(await failure { try await stream.next() }?.kind == .truncated)
            #expect(await client.held == 0)
        }
    }

    @Test("a connection that closes before the response starts is lost, and a POST is not sent again")
    func connectionLost() async throws {
        let server = try RawServer { connection in
            // The server responds to the first request of a connection, so that the second uses a kept connection.
            guard connection.readRequest() != nil else { return }
            connection.send(RawServer.response("ok"))
            _ = connection.readRequest()
        }
        defer { server.stop() }
        let bodies: [HTTPRequestBody] = [.none, .bytes([1, 2, 3]), .bytes([UInt8](repeating: 0, count: 100_000))]
        try await withClient(HTTPClientConfiguration(maxConnectionsPerHost: 1, egress: .loopback)) { client async throws in
            for body in bodies {
                let before = server.requests.count
                _ = try await client.send(HTTPRequest(.get, server.url))
                let result = await Result { try await client.send(HTTPRequest(.post, server.url, body: body)) }
                if case .failure(let error as HTTPError) = result {
                    #expect(error.kind == .connectionLost)
                    #expect(error.isRetriable && error.mayHaveRun)
                }
                #expect(server.requests.dropFirst(before).count { $0.method == "POST" } == 1)
                await eventually("the connection is closed") { await client.running == 0 }
            }
        }
    }

    @Test("an idempotent request is sent again when a kept connection breaks", arguments: [3, 100_000])
    func replay(size: Int) async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send(RawServer.response("ok"))
            _ = connection.readRequest()
        }
        defer { server.stop() }
        try await withClient { client async throws in
            _ = try await client.send(HTTPRequest(.get, server.url))
            let body = Pattern.bytes(0..<size)
            #expect(try await client.send(HTTPRequest(.put, server.url, body: .bytes(body))).status == 200)
            #expect(server.requests.map(\.method) == ["GET", "PUT", "PUT"])
            #expect(server.requests.last?.body == body)
        }
    }

    @Test("a body or header over its limit is too large, announced or not")
    func tooLarge() async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            switch request.target {
            case "/announced": connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
            case "/fits": connection.send(RawServer.response(String(repeating: "x", count: 1000), headers: "Connection: close\r\n"))
            case "/header":
                connection.send("HTTP/1.1 200 OK\r\n")
                while connection.send("X-Filler: \(String(repeating: "y", count: 1000))\r\n") {}
            default:
                connection.send("HTTP/1.1 200 OK\r\n\r\n")
                while connection.send([UInt8](repeating: 0, count: 10_000)) {}
            }
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withClient { client async throws in
            for target in ["/announced", "/endless", "/header"] {
                let request = HTTPRequest(.get, server.url + target, maxBodyBytes: 1000)
                let error = await failure { try await client.send(request) }
                #expect(error?.kind == .tooLarge)
                #expect(error?.isRetriable == false)
            }
            #expect(try await client.send(HTTPRequest(.get, server.url + "/fits", maxBodyBytes: 1000)).body.count == 1000)
            #expect(await failure { try await client.send(HTTPRequest(.get, server.url + "/endless")) }?.kind == .tooLarge)

            let stream = try await client.stream(HTTPRequest(.get, server.url + "/endless", maxBodyBytes: 2_000_000))
            var count = 0
            let error = await failure { while let piece = try await stream.next() { count += piece.count } }
            #expect(error?.kind == .tooLarge)
            #expect(count <= 2_000_000 && count > 1_900_000)
        }
    }

    @Test("a refused connection, an unknown name and a server that does not speak HTTP have their own error kinds")
    func kinds() async throws {
        let gone = try RawServer(answering: { _ in "" })
        gone.stop()
        let wrong = try RawServer { connection in
            _ = connection.readRequest()
            connection.send("220 smtp.example ready\r\n")
        }
        defer { wrong.stop() }
        try await withClient { client async throws in
            await eventually("the listener is gone") {
                await failure { try await client.send(HTTPRequest(.get, gone.url)) }?.kind == .connect
            }
            let unknown = await failure { try await client.send(HTTPRequest(.get, "http://name.invalid/")) }
            #expect(unknown?.kind == .dns && unknown?.isRetriable == true && unknown?.mayHaveRun == false)
            let error = await failure { try await client.send(HTTPRequest(.get, wrong.url)) }
            #expect(error?.kind == .protocolViolation && error?.isRetriable == false)
        }
    }

    @Test("cancelling a task ends its transfer at once: waiting, sent, partly received or streaming")
    func cancellation() async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            if request.target == "/half" { connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") }
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withClient(HTTPClientConfiguration(maxConnectionsPerHost: 3, egress: .loopback)) { client async throws in
            let sent = Task { try await client.send(HTTPRequest(.get, server.url + "/sent")) }
            let half = Task { try await client.send(HTTPRequest(.get, server.url + "/half")) }
            let read = Task {
                let stream = try await client.stream(HTTPRequest(.get, server.url + "/half"))
                while try await stream.next() != nil {}
            }
            await eventually("three are being served") { server.requests.count == 3 }
            let waiting = Task { try await client.send(HTTPRequest(.get, server.url + "/waiting")) }
            await eventually("one waits") { await client.running == 4 }
            waiting.cancel()
            #expect(await failure { try await waiting.value }?.kind == .cancelled)
            sent.cancel()
            half.cancel()
            read.cancel()
            #expect(await failure { try await sent.value }?.kind == .cancelled)
            #expect(await failure { try await half.value }?.kind == .cancelled)
            #expect(await failure { try await read.value }?.kind == .cancelled)
            #expect(await client.running == 0)
            #expect(await client.held == 0)
            await eventually("the connections are closed") { server.openConnections == 0 }
        }
        #expect(!server.requests.contains { $0.target == "/waiting" })
    }

    @Test("a task that is already cancelled sends nothing")
    func cancelledBefore() async throws {
        let server = try RawServer(answering: { _ in RawServer.response("ok") })
        defer { server.stop() }
        try await withClient { client async throws in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.send(HTTPRequest(.get, server.url))
            }
            #expect(await failure { try await task.value }?.kind == .cancelled)
        }
        #expect(server.acceptedConnections == 0)
    }

    @Test("waiting requests over the limit are rejected as overload")
    func overload() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.waitForClose()
        }
        defer { server.stop() }
        try await withClient(HTTPClientConfiguration(maxConnectionsPerHost: 1, maxQueued: 2, egress: .loopback)) { client async throws in
            let tasks = (0..<3).map { _ in Task { try await client.send(HTTPRequest(.get, server.url)) } }
            await eventually("three run or wait") { await client.running == 3 }
            let error = await failure { try await client.send(HTTPRequest(.get, server.url)) }
            #expect(error?.kind == .overloaded && error?.isRetriable == true && error?.mayHaveRun == false)
            for task in tasks { task.cancel() }
        }
    }

    @Test("shutdown lets requests finish, cancels the rest at its deadline, rejects new ones and closes the connections")
    func shutdown() async throws {
        let mayAnswer = DispatchSemaphore(value: 0)
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            if request.target == "/slow" {
                mayAnswer.wait()
                connection.send(RawServer.response("slow"))
            }
            connection.waitForClose()
        }
        defer { server.stop() }
        let thread = EventThread(name: "http-test")
        let client = HTTPClient(HTTPClientConfiguration(egress: .loopback), on: thread, logger: Logger(label: "http-test"))
        async let slow = client.send(HTTPRequest(.get, server.url + "/slow"))
        let stuck = Task { try await client.send(HTTPRequest(.get, server.url + "/stuck")) }
        await eventually("both are being served") { server.requests.count == 2 }
        async let ended: Void = client.shutdown(within: .seconds(1))
        await eventually("it has begun") { await client.isShutDown }
        #expect(await failure { try await client.send(HTTPRequest(.get, server.url)) }?.kind == .shutDown)
        mayAnswer.signal()
        #expect(try await slow.body == Array("slow".utf8))
        #expect(await failure { try await stuck.value }?.kind == .shutDown)
        await ended
        await eventually("the connections are closed") { server.openConnections == 0 }
        thread.stop()
    }

    @Test("a released client closes its connections")
    func release() async throws {
        let server = try RawServer(answering: { _ in RawServer.response("ok") })
        defer { server.stop() }
        let thread = EventThread(name: "http-test")
        do {
            let client = HTTPClient(HTTPClientConfiguration(egress: .loopback), on: thread, logger: Logger(label: "http-test"))
            #expect(try await client.send(HTTPRequest(.get, server.url)).status == 200)
            #expect(server.openConnections == 1)
        }
        await eventually("the connection is closed") { server.openConnections == 0 }
        thread.stop()
    }

    @Test("errors show method and URL without credentials")
    func redaction() async throws {
        try await withClient { client async throws in
            let url = "http://user:secret@127.0.0.1:1/path?X-Amz-Signature=secret#secret"
            let error = try #require(await failure { try await client.send(HTTPRequest(.put, url)) })
            #expect(error.url == "http://127.0.0.1:1/path")
            #expect(error.method == .put)
            #expect(!error.description.contains("secret"))
        }
    }
}

extension Result where Failure == any Error {
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
