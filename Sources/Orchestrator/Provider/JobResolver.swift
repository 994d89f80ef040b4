import ExportCore
import JobStore
import Lifecycle

/// The first step for every claimed job: finds its provider, and ends a job that crashes the processes that handle it.
struct JobResolver: Sendable {
    let providers: ProviderDirectory
    let interpreter: JobInterpreter

    /// The job's provider, when nothing speaks against working on the job: the rule, decided without a wait.
    func known(_ job: ClaimedJob) -> Provider? {
        guard let provider = providers[job], provider.machine.verdictAtClaim(job.state) == nil else { return nil }
        return provider
    }

    /// - Returns: `nil` when the job was dealt with here: its provider is not known, or its claims are used up.
    func resolve(_ job: ClaimedJob) async -> Provider? {
        let found: Provider?
        do throws(JobStoreError) {
            found = try await providers.versions.provider(job.request.provider, exportHandle: job.exportHandle)
        } catch {
            // The job's lease brings it back.
            return nil
        }
        guard let provider = found else {
            let failure = ProviderDirectory.unknown
            await interpreter.carryOut(.stepFailed(failure), for: job, by: JobMachine(rules: JobRules()), detail: failure.code)
            return nil
        }
        guard let verdict = provider.machine.verdictAtClaim(job.state) else { return provider }
        await interpreter.carryOut(JobChange(job, verdict, detail: verdict.error?.code ?? ""))
        return nil
    }
}
