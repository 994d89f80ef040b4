import ExportCore
import Lifecycle
import Testing
import TraceContext

/// Spans follow their parent, and no trace begins: the flag is one for the whole process, and other tests run beside.
private func turnOnTraces() throws { Traces.turnOn(try #require(Sampler("parentbased_always_off"))) }

@Suite("The trace of a job") struct JobTraceTests {
    private static let submitters = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func request(_ traceparent: String?) throws -> JobRequest {
        JobRequest(id: try #require(JobID("orders-1")), provider: "acme", traceparent: traceparent)
    }

    @Test("is the submitter's, and otherwise derived from the job's id") func context() throws {
        try turnOnTraces()
        #expect(JobTrace.context(of: try request(Self.submitters))?.traceparent == Self.submitters)
        // This sampler begins no trace, and what is not recorded is not propagated.
        for header in [nil, "nonsense"] { #expect(JobTrace.context(of: try request(header)) == nil) }
    }

    @Test("has steps that stand below the current one, or below the submitter") func parents() async throws {
        try turnOnTraces()
        let request = try request(Self.submitters), job = try #require(JobTrace.context(of: request))
        let step = TraceContext(traceID: job.traceID, spanID: .random(), flags: 1), other = TraceContext(derivedFrom: "other", flags: 1)
        #expect(JobTrace.parent(of: request) == job)
        #expect(Traces.within(step) { JobTrace.parent(of: request) } == step)
        #expect(Traces.within(other) { JobTrace.parent(of: request) } == job, "a batch is no parent")
        await JobTrace.run("step", of: request) { span in
            #expect(span?.context.traceID == job.traceID)
            #expect(Traces.current == span?.context)
        }
    }
}
