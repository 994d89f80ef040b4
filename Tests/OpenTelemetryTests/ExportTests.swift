import Dispatch
import Synchronization
import TestServers
import Testing

@testable import OpenTelemetry

@Suite("The export of spans", .timeLimit(.minutes(1))) struct ExportTests {
    /// Answers the requests one after the other, and the rest with 200.
    private static func collector(_ answers: StubResponse...) throws -> StubServer {
        let left = Mutex(answers)
        return try StubServer { _ in left.withLock { $0.isEmpty ? StubResponse() : $0.removeFirst() } }
    }

    @Test("sends what has waited for the delay, and a complete batch at once") func batches() async throws {
        let server = try Self.collector()
        defer { server.stop() }
        try await ExportFixture.run(server.url + "/v1/traces", { $0.headers = [("x-key", "k")] }) { fixture in
            try await fixture.exporting {
                fixture.end(3)
                try await eventually(within: .seconds(10), "a batch that is not complete") { fixture.total("exported") == 3 }
                fixture.end(25)
                try await eventually(within: .seconds(10), "all batches") { fixture.total("exported") == 28 }
            }
            let request = try #require(server.requests.first)
            #expect(request.line == "POST /v1/traces")
            #expect(request.headers["content-type"] == "application/x-protobuf")
            #expect(request.headers["x-key"] == "k")
        }
    }

    @Test("drops and counts the spans that find the queue full, and makes nobody wait") func fullQueue() async throws {
        try await ExportFixture.run("http://127.0.0.1:9", limit: 5) { fixture in
            fixture.end(12)
            #expect(fixture.total("dropped") == 7)
            #expect(fixture.queue.next().map(\.name) == (0..<5).map { "span \($0)" })
        }
    }

    @Test("tries again when the collector is busy, as soon as it asks", arguments: [429, 502, 503, 504])
    func retriable(status: Int) async throws {
        let server = try Self.collector(StubResponse(status: status, headers: ["Retry-After": "1"]))
        defer { server.stop() }
        try await ExportFixture.run(server.url) { fixture in
            let begun = ContinuousClock.now
            try await fixture.exporting {
                fixture.end(1)
                try await eventually(within: .seconds(20), "the second attempt") { fixture.total("exported") == 1 }
            }
            #expect(ContinuousClock.now - begun >= .seconds(1))
            #expect(fixture.failures("\(status)") == 1)
            #expect(server.requests.count == 2)
            #expect(server.requests.first?.body == server.requests.last?.body)
        }
    }

    @Test("gives a batch up that the collector refuses, and goes on with the next", arguments: [400, 401, 404, 500])
    func refused(status: Int) async throws {
        let server = try Self.collector(StubResponse(status: status))
        defer { server.stop() }
        try await ExportFixture.run(server.url) { fixture in
            try await fixture.exporting {
                fixture.end(1)
                try await eventually(within: .seconds(10), "the refusal") { fixture.total("failed") == 1 }
                fixture.end(1)
                try await eventually(within: .seconds(10), "the next batch") { fixture.total("exported") == 1 }
            }
            #expect(fixture.failures("\(status)") == 1)
        }
    }

    @Test("counts what the collector rejects of a batch") func partialSuccess() async throws {
        var answer = OTLPResponse()
        (answer.partialSuccess.rejectedSpans, answer.partialSuccess.errorMessage) = (2, "too old")
        let server = try Self.collector(StubResponse(body: try answer.serializedBytes()))
        defer { server.stop() }
        try await ExportFixture.run(server.url) { fixture in
            try await fixture.exporting {
                fixture.end(3)
                try await eventually(within: .seconds(10), "the answer") { fixture.total("rejected") == 2 }
            }
            #expect(fixture.total("exported") == 1)
        }
    }

    @Test("sends at the shutdown what is left") func shutdown() async throws {
        let server = try Self.collector()
        defer { server.stop() }
        try await ExportFixture.run(server.url, { $0.delay = .seconds(600) }) { fixture in
            await fixture.exporting { fixture.end(5) }
            #expect(fixture.total("exported") == 5)
        }
    }

    @Test("ends in time at a shutdown although the collector is away, or hangs", arguments: [true, false])
    func boundedShutdown(hangs: Bool) async throws {
        let over = DispatchSemaphore(value: 0)
        let server = try StubServer { _ in
            over.wait()
            return StubResponse()
        }
        defer {
            over.signal()
            server.stop()
        }
        try await ExportFixture.run(hangs ? server.url : "http://127.0.0.1:9", { $0.shutdownTimeout = .milliseconds(300) }) { fixture in
            let begun = ContinuousClock.now
            try await fixture.exporting {
                fixture.end(3)
                if hangs { try await eventually(within: .seconds(10), "a request") { !server.requests.isEmpty } }
            }
            #expect(ContinuousClock.now - begun < .seconds(4))
            #expect(fixture.total("failed") == 3)
        }
    }
}
