import ExportCore
import JQ

extension ProviderClient {
    /// Starts the export. If the provider file offers no protection against duplicates (`definition.createSafety`), a second call may
    /// start a second export. In that case, an unreadable response to a successful create is a permanent failure.
    public func create(_ job: JobContext) async -> CreateOutcome {
        let step = plan.create
        do throws(Failure) {
            let context = try context(step.request.parts.union(step.parts), job)
            let answer: ProviderResponse
            do throws(Failure) {
                answer = try await send(step.request, context)
            } catch {
                guard error.code == "invalid-answer" else { throw error }
                // The body declares JSON and does not parse, but the provider did execute the request.
                let failureClass = definition.createSafety.isEmpty ? FailureClass.permanent : error.failureClass
                throw Failure(failureClass, code: error.code, message: error.message, mayHaveRun: true)
            }
            do throws(Failure) {
                return try created(step, answer, contexts.context(step.parts, context, answer: answer))
            } catch {
                var failure = error
                failure.mayHaveRun = answer.isSuccess
                throw failure
            }
        } catch {
            return .failed(secrets.redacted(error))
        }
    }

    private func created(_ step: CreatePlan, _ answer: ProviderResponse, _ context: JQValue) throws(Failure) -> CreateOutcome {
        if let adopt = step.adopt, try adopt.when.isTrue(context) {
            return .adopted(exportHandle: try adopt.export.handle(context))
        }
        if let failure = try failure(answer, step.error, context, "create at") { return .failed(secrets.redacted(failure)) }
        return .created(exportHandle: try step.export.handle(context))
    }

    /// Looks for an export that an earlier create of this job may have started. Returns `.notFound` if the provider file has no `find`.
    public func find(_ job: JobContext) async -> FindOutcome {
        guard let step = plan.find else { return .notFound }
        do throws(Failure) {
            let parts = step.export.parts.union(step.when?.parts ?? [])
            let context = try context(step.request.parts.union(parts), job)
            let answer = try await send(step.request, context)
            if answer.status == 404 { return .notFound }
            let answered = contexts.context(parts, context, answer: answer)
            if let failure = try failure(answer, ErrorRules(), answered, "find at") { return .failed(secrets.redacted(failure)) }
            let handle = try judging { () throws(Failure) -> String? in
                if let when = step.when, try !when.isTrue(answered) { return nil }
                for entry in step.export.entries where try entry.filter.first(answered)?.isNull ?? true { return nil }
                return try step.export.handle(answered)
            }
            return handle.map { .found(exportHandle: $0) } ?? .notFound
        } catch {
            return .failed(secrets.redacted(error))
        }
    }

    /// Asks the provider to cancel the export.
    public func cancel(_ job: JobContext, exportHandle: String) async -> CancelOutcome {
        guard let step = plan.cancel else { return .notSupported }
        do throws(Failure) {
            let context = try context(step.request.parts, job, exportHandle)
            let answer = try await send(step.request, context)
            if answer.status == 404 || answer.status == 410 { return .cancelled }
            guard let failure = try failure(answer, ErrorRules(), context, "cancel at") else { return .cancelled }
            return .failure(secrets.redacted(failure))
        } catch {
            return .failure(secrets.redacted(error))
        }
    }
}
