import ExportCore
import ProviderAPI
import TraceContext

extension JobContext {
    /// For a create or a listing: counts the failures of that step.
    init(step job: ClaimedJob) { self.init(job.request, attempt: job.state.failures + 1, creation: job.state.creation) }

    /// For a status check: counts the checks.
    init(check job: ClaimedJob, trace: TraceContext? = nil) {
        self.init(job.request, attempt: job.state.attempts + 1, creation: job.state.creation, trace: trace)
    }
}
