import ExportCore
import JobStore
import ProviderAPI

extension JobContext {
    init(_ job: ExportJob) {
        self.init(
            jobID: job.id.text, provider: job.provider, parametersJSON: job.parameters, correlationID: job.correlationID,
            tenant: job.tenant,
            attempt: job.state.failures + 1, priority: job.priority, creation: job.state.creation)
    }

    /// A wake does not carry the priority: a check needs none.
    init(_ wake: Wake) {
        self.init(
            jobID: wake.id.text, provider: wake.provider, parametersJSON: wake.parameters, correlationID: wake.correlationID,
            tenant: wake.tenant, attempt: wake.state.attempts + 1, priority: .normal, creation: wake.state.creation)
    }
}

extension DecisionRecorder.Subject {
    /// The same job after a decision was stored.
    func advanced(to version: Int64, _ state: JobState) -> DecisionRecorder.Subject {
        DecisionRecorder.Subject(id: id, version: version, provider: provider, correlationID: correlationID, state: state)
    }
}
