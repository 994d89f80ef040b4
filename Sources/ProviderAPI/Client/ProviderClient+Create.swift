import ExportCore
import JQ

extension ProviderClient {
    /// Starts the export. If the provider file offers no protection against duplicates (`definition.createSafety`), a second call may
    /// start a second export. In that case, an unreadable response to a successful create is a permanent failure.
    public func create(_ job: JobContext) async -> CreateOutcome {
        let step = plan.create
        do throws(Failure) {
            var sources = JSONSources(parameters: job.request.parameters)
            let (answer, context) = try await exchange(.create, step.request, step.reading, step.parts, job, sources)
            sources.answer = answer.json
            return created(step, answer, contexts.context(step.parts, context, answer: answer), sources)
        } catch {
            return .failed(reported(error))
        }
    }

    private func created(_ step: CreatePlan, _ answer: ProviderResponse, _ context: JQValue, _ sources: JSONSources)
        -> CreateOutcome
    {
        var hasRun = answer.isSuccess
        do throws(Failure) {
            // A filter that fails for this answer, such as a proxy's page, does not recognise an existing export.
            if let adopt = step.adopt, (try? adopt.when.isTrue(context)) ?? false {
                return .adopted(exportHandle: begun(try adopt.export.handle(context, sources)))
            }
            let verdict = try verdict(answer, step.reading, context, "create at", isCreate: true)
            if let failure = verdict.failure { return .failed(reported(failure, answer)) }
            hasRun = true
            try requireReadable(answer, step.parts, "create at")
            return .created(exportHandle: begun(try step.export.handle(context, sources)))
        } catch {
            var failure = readable(error, answer, "create at")
            if failure.code == "unexpected-answer", failure.code != error.code || answer.problem != nil {
                // The body cannot be read, but the provider did execute the request.
                failure.failureClass = definition.createSafety.isEmpty ? .permanent : .transient
            }
            failure.mayHaveRun = hasRun
            return .failed(reported(failure, answer))
        }
    }

    /// The handle of an export whose steps follow.
    private func begun(_ handle: String) -> String {
        guard !plan.steps.isEmpty else { return handle }
        var handle = ExportHandle(handle)
        handle.step = 0
        return handle.text
    }

    /// Looks for an export that an earlier create of this job may have started. Returns `.notFound` if the provider file has no `find`.
    /// - Parameter kind: the kind of request that it is part of.
    public func find(_ job: JobContext, for kind: RequestKind = .create) async -> FindOutcome {
        guard let step = plan.find else { return .notFound }
        var received: ProviderResponse?
        do throws(Failure) {
            var sources = JSONSources(parameters: job.request.parameters)
            let (answer, context) = try await exchange(kind, step.request, step.reading, step.parts, job, sources)
            sources.answer = answer.json
            received = answer
            let answered = contexts.context(step.parts, context, answer: answer)
            return try judging(answer, "find at") { () throws(Failure) in
                switch try verdict(answer, step.reading, answered, "find at") {
                case .byStatus where answer.status == 404: return .notFound
                case .ruled(let failure), .byStatus(let failure): return .failed(reported(failure, answer))
                case .success, .ok: try requireReadable(answer, step.parts, "find at")
                }
                if let when = step.when, try !when.isTrue(answered) { return .notFound }
                for entry in step.export.entries where try entry.filter.first(answered)?.isNull ?? true { return .notFound }
                return .found(exportHandle: begun(try step.export.handle(answered, sources)))
            }
        } catch {
            return .failed(reported(error, received))
        }
    }

    /// Asks the provider to cancel the export, if it can in the state of the export.
    public func cancel(_ job: JobContext, exportHandle: String) async -> CancelOutcome {
        guard let step = plan.cancel else { return .notSupported }
        // An export whose next step is a request has not begun, and asking for its state would send that request.
        let isStarted = ExportHandle(exportHandle).step.map { !isDueAtOnce($0) } ?? true
        guard let states = step.states, isStarted else { return await end(job, exportHandle, step, "cancel at") }
        return await cancel(job, exportHandle, step, in: states, mayAskAgain: true)
    }

    private func cancel(
        _ job: JobContext, _ exportHandle: String, _ step: CancelPlan, in states: [StatusWords.State], mayAskAgain: Bool
    ) async -> CancelOutcome {
        switch await check(job, exportHandle: exportHandle) {
        case .advanced(let next, let isDueAtOnce) where isDueAtOnce || !mayAskAgain: return await end(job, next, step, "cancel at")
        // A wait of `steps` has just ended.
        case .advanced(let next, _): return await cancel(job, next, step, in: states, mayAskAgain: false)
        case .queued where states.contains(.queued), .running where states.contains(.running):
            return await end(job, exportHandle, step, "cancel at")
        case .queued: return .notInThisState("queued")
        case .running: return .notInThisState("running")
        case .unknownStatus(let word, _): return .notInThisState("in the state \(word)")
        case .ready, .empty, .failed, .expired: return .cancelled
        case .failure(let failure) where failure.failureClass == .gone: return .cancelled
        case .failure(let failure): return .failure(failure)
        }
    }

    /// Removes an export at the provider that is delivered.
    public func cleanUp(_ job: JobContext, exportHandle: String) async -> CancelOutcome {
        guard let step = plan.cleanup else { return .notSupported }
        return await end(job, exportHandle, step, "cleanup at")
    }

    private func end(_ job: JobContext, _ exportHandle: String, _ step: CancelPlan, _ what: String) async -> CancelOutcome {
        var received: ProviderResponse?
        do throws(Failure) {
            let parts = step.reading.parts
            let sources = JSONSources(parameters: job.request.parameters, handle: exportHandle)
            let (answer, context) = try await exchange(.cancel, step.request, step.reading, parts, job, handle: exportHandle, sources)
            received = answer
            switch try verdict(answer, step.reading, contexts.context(parts, context, answer: answer), what) {
            case .success, .ok: return .cancelled
            case .byStatus where answer.status == 404 || answer.status == 410: return .cancelled
            case .ruled(let failure), .byStatus(let failure): return .failure(reported(failure, answer))
            }
        } catch {
            return .failure(reported(error, received))
        }
    }
}
