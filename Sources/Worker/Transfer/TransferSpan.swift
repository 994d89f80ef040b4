import JobStore
import Lifecycle
import TraceContext

/// The span of an attempt at a file, in the trace of its job and linked to the message that asked for it: from the claim until the outcome is
/// stored. Often there is none.
struct TransferSpan: Sendable {
    private let span: TraceSpan?
    /// The trace of the submitter, if it is not recorded.
    private let trace: TraceContext?

    /// - Parameter start: when the claim was asked for.
    static func begin(_ claimed: ClaimedFile, from origin: MessageOrigin, at start: UInt64?) -> TransferSpan {
        guard Traces.areOn else { return TransferSpan(span: nil, trace: nil) }
        let request = claimed.job.request
        let span = JobTrace.message(.process, origin.queue, of: request, because: origin.context, at: start)
        span?.set(["longhaul.file": claimed.file.name], numbers: ["longhaul.attempt": claimed.attempt])
        return TransferSpan(span: span, trace: JobTrace.context(of: request))
    }

    func within<Value>(isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value) async rethrows -> Value {
        try await Traces.within(span?.context ?? trace, body)
    }

    func found(_ outcome: TransferOutcome) {
        guard let span, let failure = outcome.failure else { return }
        span.fail(failure.code, failure.message)
        if let answer = failure.answer { span.set(["longhaul.answer": answer.description]) }
    }

    func end() { span?.end() }
}
