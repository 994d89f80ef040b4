import ExportCore
import JobStore
import Retry

extension JobInterpreter {
    /// Decides an event of a job, and carries the decision out.
    /// - Parameter random: uniform in 0..<1, for the jitter.
    /// - Returns: `nil` when nothing was stored.
    @discardableResult
    public func carryOut(
        _ event: JobEvent, for job: ClaimedJob, by machine: JobMachine, random: Double = Jitter.shared.next(), detail: String = "",
        exportHandle: String? = nil, mayBeCreatedTwice: Bool = false
    ) async -> ClaimedJob? {
        guard let decision = machine.decide(event, in: job.state, random: random) else { return nil }
        return await carryOut(
            JobChange(
                job, decision, detail: decision.error?.code ?? detail, isFailure: event.isFailure, exportHandle: exportHandle,
                mayBeCreatedTwice: mayBeCreatedTwice, answer: event.failure?.shownAnswer,
                // The pages before a link that is missing are stored already.
                relists: event.failure?.code == JobError.nothingListed && job.state.filesTotal == 0))
    }

    /// A page of the file list: stores its files and the step that follows together, and publishes the files.
    ///
    /// The machine decides from the counts that are stored. While workers end files of earlier pages these change; then it decides again.
    /// - Parameter next: the cursor of the next page; `nil` after the last.
    /// - Returns: `nil` when nothing was stored.
    public func carryOut(page files: [FileTask], next: String?, of job: ClaimedJob, by machine: JobMachine) async throws(JobStoreError)
        -> ClaimedJob?
    {
        var job = job
        while let decision = machine.decide(.pageListed(added: files.count, isLast: next == nil), in: job.state, random: 0) {
            let total = decision.state.filesTotal
            let change = JobChange(job, decision, detail: decision.error?.code ?? "\(total) files")
            if decision.error != nil { return await carryOut(change) }
            switch try await store.addFiles(files, to: job, decision: decision, cursor: next) {
            case .stale:
                reporter.metrics.staleJobs.increment()
                return nil
            case .countsDiffer(let done, let failed): (job.state.filesDone, job.state.filesFailed) = (done, failed)
            case .added(let stored, let token, let times):
                await finish(change, as: stored, times, filesToken: token)
                return stored
            }
        }
        return nil
    }
}
