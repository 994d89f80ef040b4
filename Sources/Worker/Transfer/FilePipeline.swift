import EventThread
import ExportCore
import JobStore
import Lifecycle
import Logging
import ObjectStorage
import ProviderAPI
import TraceContext

/// One file from its message to its end.
struct FilePipeline: Sendable {
    let providers: ProviderVersions<SourceProvider>
    let store: JobStore
    let storage: any ObjectStorage
    let interpreter: FileInterpreter
    let manifests: ManifestStep
    let slots: TransferSlots
    let watch: StorageWatch
    let configuration: WorkerConfiguration
    let metrics: WorkerMetrics
    let logger: Logger
    let thread: EventThread

    /// Claims a file and starts the rest in its own place:
    /// claim → verdict → transfer → carry out → manifest, if the file was the last of its job.
    ///
    /// Returns as soon as the file is claimed, so that its message can be acknowledged.
    /// - Parameters:
    ///   - token: the file's token, as its message carries it.
    ///   - origin: of the message.
    /// - Returns: why nothing was started; `nil` if the file is claimed.
    func start(_ index: Int, of id: JobID, token: Int?, from origin: MessageOrigin) async throws(JobStoreError) -> NothingToDo? {
        let claimedAt = ContinuousClock.now, begun = Traces.areOn ? Traces.now : nil
        let file: ClaimedFile
        // A claim depends on the lease alone; the answer says which provider the file belongs to.
        let claiming = FileMachine(rules: FileMachine.Rules(lease: configuration.lease))
        switch try await interpreter.claim(index, of: id, token: token, machine: claiming) {
        case .nothing(let reason): return .because(reason)
        case .jobEnded: return .jobEnded
        case .claimed(let claimed): file = claimed
        }
        let logger = logger.about(file)
        let lease = FileLease(
            file, since: claimedAt, length: configuration.lease, store: store, extensions: metrics.leasesExtended, logger: logger,
            on: thread)

        await slots.start(lease: lease) {
            let span = TransferSpan.begin(file, from: origin, at: begun)
            defer { span.end() }
            let provider = await source(of: file.job)
            let retry = provider?.client.definition.retry ?? RetryPolicy()
            let machine = FileMachine(rules: FileMachine.Rules(retry: retry, lease: configuration.lease))
            let outcome: TransferOutcome
            if let provider {
                if let end = await interpreter.verdict(on: file, machine: machine, while: { await lease.pauseWhileHeld() }) {
                    metrics.report(end, of: nil, logger)
                    return nil
                }
                outcome = await span.within { await transfer(of: file, from: provider, under: lease, logger).run() }
            } else {
                outcome = .failed(.unknownProvider)
            }
            span.found(outcome)
            watch.noticed(outcome)
            await provider?.note(outcome)

            let askedAt = ContinuousClock.now
            // A shutdown cancels this task, but not the new one: the store learns in any case how the attempt ended.
            let end = await span.within {
                await Task(executorPreference: thread) {
                    guard let event = outcome.event(attempt: file.attempt, deferredFor: file.deferredFor) else { return FileEnd.leaseLost }
                    return await interpreter.carryOut(
                        event, on: file, machine: machine, objects: outcome.objects, manifestLease: configuration.lease,
                        while: { await lease.pauseWhileHeld() })
                }.value
            }
            await span.within {
                metrics.report(end, of: outcome, logger)
                metrics.duration.record(duration: .now - claimedAt)
            }

            guard case .stored(let change) = end, let job = change.manifest else { return nil }
            let objects = job.state.filesTotal == 1 ? outcome.objects : nil
            let claim = ManifestClaim(job, requestedAt: askedAt, lease: configuration.lease, objects: objects)
            return { await manifests.run(claim) }
        }
        return nil
    }

    /// The version of the provider file that the job was created with. If the store does not answer, the attempt is put off as one without
    /// a provider.
    private func source(of job: Job) async -> SourceProvider? {
        do {
            return try await providers.provider(job.request.provider, exportHandle: job.exportHandle)
        } catch {
            logger.notice("a provider file was not read: \(error)")
            return nil
        }
    }

    private func transfer(
        of file: ClaimedFile, from provider: SourceProvider, under lease: FileLease, _ logger: Logger
    ) -> FileTransfer {
        FileTransfer(
            claimed: file, provider: provider.client, gate: provider.gate, store: store, storage: storage, configuration: configuration,
            lease: lease,
            metrics: metrics, logger: logger, thread: thread)
    }
}

extension Failure {
    /// Another worker may know the provider, or this one after its next start, so no attempt is used up.
    fileprivate static var unknownProvider: Failure {
        var failure = Failure(
            .transient, code: "unknown-provider",
            message: "no provider file of that name is loaded; put it into LONGHAUL_PROVIDERS and restart the worker",
            retryAfter: .seconds(15))
        failure.countsAsAttempt = false
        return failure
    }
}
