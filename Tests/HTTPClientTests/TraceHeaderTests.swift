import Testing
import TraceContext

@testable import HTTPClient

/// Spans follow their parent, and no trace begins: the flag is one for the whole process, and other tests run beside.
private func turnOnTraces() throws { Traces.turnOn(try #require(Sampler("parentbased_always_off"))) }

@Suite("The header traceparent") struct TraceHeaderTests {
    private static let current = TraceContext(derivedFrom: "job", flags: 1)

    /// The header of a request that is sent while a context is current.
    private static func sent(
        _ context: TraceContext?, propagates: Bool = true, headers: [(name: String, value: String)] = [], byCallback: Bool = false
    ) async throws -> String? {
        try turnOnTraces()
        let server = try RawServer(answering: { _ in RawServer.response("x") })
        defer { server.stop() }
        var configuration = HTTPClientConfiguration(egress: .loopback)
        configuration.propagatesTraces = propagates
        try await withClient(configuration) { client async throws in
            let request = HTTPRequest(.get, server.url, headers: headers), thread = await client.thread
            try await Traces.within(context) {
                guard byCallback else { return _ = try await client.send(request) }
                await withCheckedContinuation { done in
                    // On the thread, as callers of this form are.
                    Task(executorPreference: thread) { client.send(request, from: thread) { _ in done.resume() } }
                }
            }
        }
        return try #require(server.requests.first)["traceparent"]
    }

    @Test("names the request's own span, in the trace of the task that sends it", arguments: [true, false])
    func header(byCallback: Bool) async throws {
        let header = try #require(try await Self.sent(Self.current, byCallback: byCallback))
        let sent = try #require(TraceContext(traceparent: header))
        #expect(sent.traceID == Self.current.traceID && sent.isSampled)
        #expect(sent.spanID != Self.current.spanID)
    }

    @Test("passes on a trace that is not recorded as it is") func unsampled() async throws {
        let unsampled = Self.current.sampled(false)
        #expect(try await Self.sent(unsampled) == unsampled.traceparent)
    }

    @Test("is not sent outside a trace, nor by a client that does not propagate") func absent() async throws {
        #expect(try await Self.sent(nil) == nil)
        #expect(try await Self.sent(Self.current, propagates: false) == nil)
    }

    @Test("of the caller stays") func own() async throws {
        #expect(try await Self.sent(Self.current, headers: [("Traceparent", "mine")]) == "mine")
    }
}
