import ExportCore
import JobStore
import Lifecycle
import ProviderAPI

/// Removes delivered exports at their providers, where provider files say how (`cleanup`).
struct ExportCleanup: Sendable {
    let providers: ProviderVersions<SourceProvider>

    /// - Returns: `nil` if nothing is to be removed.
    /// - Throws: if the store does not answer.
    func removal(of job: Job) async throws(JobStoreError) -> ExportRemoval? {
        // A file that was skipped may be fetched by hand as long as the export is there.
        guard job.state.filesFailed == 0, let handle = job.exportHandle,
            let provider = try await providers.provider(job.request.provider, exportHandle: handle), provider.client.definition.cleansUp
        else { return nil }
        return ExportRemoval(provider: provider, job: job, handle: handle)
    }
}

/// The removal of one export. It is a courtesy to the provider: the job is delivered in any case.
final class ExportRemoval {
    private let provider: SourceProvider
    private let job: Job
    private let handle: String
    private var failures = 0

    private static let tries = 3
    /// Between two attempts; the claim of the job does not last for ever.
    private static let longestPause = Duration.seconds(5)

    init(provider: SourceProvider, job: Job, handle: String) { (self.provider, self.job, self.handle) = (provider, job, handle) }

    /// - Returns: `nil` if the export is removed, or was not there any more.
    func attempt() async -> Failure? {
        let (client, gate) = (provider.client, provider.gate)
        let permission = await gate.admit(.cancel)
        if case .wait(let time) = permission { return .paused("its provider must not be asked now", for: time) }
        let begun = ContinuousClock.now
        let outcome = await cleanedUp()
        let failure: Failure? = if case .failure(let failure) = outcome { failure } else { nil }
        return await gate.report(
            .cancel, permission, of: job.id, failure: failure, took: .now - begun, budget: await client.takeBudget(.cancel))
    }

    /// Within a part of the time for which the job is claimed.
    private func cleanedUp() async -> CancelOutcome {
        let (client, context, handle) = (provider.client, JobContext(job.request, creation: job.state.creation), handle)
        return await withTaskGroup(of: CancelOutcome?.self) { group in
            group.addTask { await client.cleanUp(context, exportHandle: handle) }
            group.addTask {
                try? await Task.sleep(for: Self.longestRequest)  // cancelled when the request has ended
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
                ?? .failure(Failure(.transient, code: "timeout", message: "no answer within \(Self.longestRequest)", mayHaveRun: true))
        }
    }

    private static let longestRequest = Duration.seconds(8)

    /// - Returns: how long to wait before the next attempt; `nil`: there is none.
    func pause(after failure: Failure) -> Duration? {
        failures += 1
        guard failures < Self.tries, failure.failureClass.isRetriable || !failure.countsAsAttempt else { return nil }
        let pause = max(failure.retryAfter ?? .zero, .seconds(failures))
        return pause <= Self.longestPause ? pause : nil
    }
}
