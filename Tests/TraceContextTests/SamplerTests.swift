import Testing
import TraceContext

@Suite("A sampler") struct SamplerTests {
    private static let id = TraceID(high: 1, low: 1 << 63)

    private static func parent(_ isSampled: Bool) -> TraceContext {
        TraceContext(traceID: id, spanID: SpanID(1), flags: isSampled ? 1 : 0, isRemote: true)
    }

    @Test(
        "decides by its name",
        arguments: [
            // name, without a parent, below one that is sampled, below one that is not
            ("always_on", true, true, true), ("always_off", false, false, false), ("parentbased_always_on", true, true, false),
            ("parentbased_always_off", false, true, false), ("traceidratio", false, false, false),
            ("parentbased_traceidratio", false, true, false),
        ])
    func decisions(name: String, root: Bool, sampled: Bool, unsampled: Bool) throws {
        let sampler = try #require(Sampler(name, ratio: 0.5))
        #expect(sampler.samples(Self.id, below: nil) == root)
        #expect(sampler.samples(Self.id, below: Self.parent(true)) == sampled)
        #expect(sampler.samples(Self.id, below: Self.parent(false)) == unsampled)
    }

    @Test("has one of six names, and a ratio from 0 to 1") func names() {
        #expect(Sampler.names.allSatisfy { Sampler($0) != nil })
        #expect(Sampler("jaeger_remote") == nil && Sampler("parentbased_") == nil && Sampler("ALWAYS_ON") == nil)
        #expect(Sampler("traceidratio", ratio: 1.1) == nil && Sampler("traceidratio", ratio: -0.1) == nil)
        #expect(Sampler("traceidratio", ratio: .nan) == nil)
    }

    @Test("by ratio takes about that share of derived traces, and of each smaller share a part", arguments: [0, 0.1, 0.5, 1])
    func ratio(_ ratio: Double) throws {
        let sampler = try #require(Sampler("traceidratio", ratio: ratio)), smaller = try #require(Sampler("traceidratio", ratio: ratio / 2))
        let ids = (0..<4000).map { TraceContext(derivedFrom: "job-\($0)", flags: 0).traceID }
        let taken = ids.filter { sampler.samples($0, below: nil) }
        // Five standard deviations.
        let tolerance = 5 * (ratio * (1 - ratio) / 4000).squareRoot()
        #expect(abs(Double(taken.count) / 4000 - ratio) <= tolerance)
        #expect(ids.filter { smaller.samples($0, below: nil) }.allSatisfy(Set(taken).contains))
    }
}
