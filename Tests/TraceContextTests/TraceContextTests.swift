import Testing
import TraceContext

@Suite("A trace context") struct TraceContextTests {
    private static let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test("is read from a header traceparent and written as one") func header() throws {
        let context = try #require(TraceContext(traceparent: Self.example))
        #expect(context.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanID.description == "00f067aa0ba902b7")
        #expect((context.isSampled, context.isRemote) == (true, true))
        #expect(context.traceparent == Self.example)
        #expect(context.sampled(false).traceparent.hasSuffix("-00"))
    }

    @Test("keeps the flag of random trace ids") func randomFlag() throws {
        let context = try #require(TraceContext(traceparent: Self.example.dropLast(2) + "03"))
        #expect(context.sampled(false).traceparent.hasSuffix("-02"))
    }

    @Test("of a later version is read as far as version 00 goes") func laterVersion() throws {
        let later = "cc" + Self.example.dropFirst(2) + "-what-the-future-brings"
        #expect(TraceContext(traceparent: later)?.traceparent == Self.example)
        #expect(TraceContext(traceparent: "cc" + Self.example.dropFirst(2) + ".x") == nil)
    }

    @Test(
        "is none if the header is not valid",
        arguments: [
            "", "00", "00-1-2-01", "ff" + example.dropFirst(2), example + "-", example + "0", example.uppercased(),
            String(example.dropLast()),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-é",
        ])
    func invalid(header: String) { #expect(TraceContext(traceparent: header) == nil) }

    /// `printf %s orders-1 | sha256sum` begins with these digits: operators find a job's trace by it.
    @Test("that is derived from a name is the start of its SHA-256") func derived() {
        let context = TraceContext(derivedFrom: "orders-1", flags: 1)
        #expect(context.traceparent == "00-32ecd062fef11317700fb72a3ae68798-166330c9eb6bac37-01")
        #expect(!context.isRemote)
        #expect(TraceContext(derivedFrom: "orders-1", flags: 1) == context)
        #expect(TraceContext(derivedFrom: "orders-2", flags: 1).traceID != context.traceID)
    }

    @Test("of random ids does not repeat") func random() {
        #expect(Set((0..<1000).map { _ in TraceID.random() }).count == 1000)
        #expect(Set((0..<1000).map { _ in SpanID.random() }).count == 1000)
    }
}
