import ExportCore
import Lifecycle
import TraceContext

extension JobTrace {
    /// The span of a check, linked to that of the message with its wake.
    /// - Returns: also what its request belongs to: the span, or a submitter's trace that is not recorded.
    static func check(of job: ClaimedJob, in batch: TraceContext?) -> (span: TraceSpan?, trace: TraceContext?) {
        guard Traces.areOn, let trace = context(of: job.request) else { return (nil, nil) }
        let span = begin("check \(job.request.provider)", of: job.request, because: batch)
        span?.set([:], numbers: ["longhaul.check": job.state.attempts + 1])
        return (span, span?.context ?? trace)
    }
}

extension TraceSpan {
    /// What a check found out.
    func found(_ finding: CheckFinding, _ failure: Failure?) {
        set(["longhaul.outcome": finding.outcome.rawValue])
        if let failure { fail(failure.code, failure.message) }
    }
}
