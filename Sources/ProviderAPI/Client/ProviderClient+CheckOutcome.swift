import ExportCore
import HTTPClient
import JQ

/// What the answer to a check means.
extension ProviderClient {
    /// - Returns: the outcome; the export handle if the answer has changed it; and how long ago the export became ready, if the answer says so.
    func judged(
        _ check: PendingCheck, _ response: Result<HTTPResponse, HTTPError>
    ) -> (outcome: CheckOutcome, exportHandle: String?, lag: Duration?) {
        var answer: ProviderResponse
        let phase = check.phase
        switch response {
        case .success(let response):
            answer = ProviderResponse(
                response, method: check.request.method, url: check.request.url, as: phase.plan.request.answer,
                credentials: phase.index == nil ? plan.statusCredentials : plan.credentials(of: phase.plan.request))
        case .failure(let error): return (.failure(reported(Failure(error))), nil, nil)
        }
        (answer.token, answer.account) = (check.token, check.account)
        noteBudget(.check, answer.headers, check.token)
        let isRead = phase.index != nil || plan.status.ready != .download || !answer.bytes.isEmpty
        trace(answer, took: .now - check.begun, isRead: isRead)
        return read(check, answer)
    }

    /// What an answer, or an item of one, says of the export.
    func read(_ check: PendingCheck, _ answer: ProviderResponse) -> (outcome: CheckOutcome, exportHandle: String?, lag: Duration?) {
        let phase = check.phase
        let answered = contexts.context(phase.plan.parts, check.context, answer: answer)
        do throws(Failure) {
            switch phase.plan {
            case .request(let step):
                let outcome = try judging(answer, "step at") { () throws(Failure) in
                    try self.outcome(check, step, answer, answered)
                }
                return (outcome, nil, nil)
            case .wait(let status):
                if let update = status.update, answer.isSuccess || status.readsHTTPStatus {
                    check.exportHandle = try update.update(answered, check.sources(answer))
                }
                let outcome = try judging(answer, "status at") { () throws(Failure) in
                    try self.outcome(check, status, answer, answered)
                }
                return (outcome, status.update == nil ? nil : check.exportHandle, lag(status, outcome, answer, answered))
            }
        } catch {
            return (.failure(reported(error, answer)), nil, nil)
        }
    }

    /// What the answer to a request of `steps` means.
    private func outcome(
        _ check: PendingCheck, _ step: StepPlan, _ answer: ProviderResponse, _ context: JQValue
    ) throws(Failure) -> CheckOutcome {
        let sources = check.sources(answer)
        if let adopt = step.adopt, (try? adopt.when.isTrue(context)) ?? false {
            return advanced(check.phase.index, try adopt.export.handle(context, sources))
        }
        if let failure = try verdict(answer, step.reading, context, "step at").failure { return failed(failure, answer) }
        try requireReadable(answer, step.parts, "step at")
        return advanced(check.phase.index, try step.export?.handle(context, sources) ?? check.exportHandle)
    }

    /// The phase is done: the next one begins with this handle.
    func advanced(_ index: Int?, _ handle: String) -> CheckOutcome {
        var handle = ExportHandle(handle)
        let next = (index ?? plan.steps.count) + 1
        handle.step = next < plan.steps.count ? next : nil
        return .advanced(exportHandle: handle.text, isDueAtOnce: isDueAtOnce(next))
    }

    /// Whether the entry of `steps` is a request, which nothing is waited for.
    func isDueAtOnce(_ step: Int) -> Bool { plan.steps.indices.contains(step) && plan.steps[step].plan.isRequest }

    private func outcome(
        _ check: PendingCheck, _ step: StatusPlan, _ answer: ProviderResponse, _ context: JQValue
    ) throws(Failure) -> CheckOutcome {
        let verdict = try verdict(answer, step.reading, context, "status at")
        // If the HTTP code is not a success, only a state filter that reads the code applies: the body may come from a proxy.
        switch verdict {
        case .ruled(let failure): return failed(failure, answer)
        case .byStatus(let failure) where !step.readsHTTPStatus: return failed(failure, answer)
        case .success, .ok: try requireReadable(answer, step.parts, "status at")
        case .byStatus: break
        }
        let word: String
        do throws(Failure) {
            word = try step.state.first(context)?.text ?? JobError.noStatus
        } catch {
            throw verdict.failure ?? error
        }
        guard let state = step.words[word] else {
            if let failure = verdict.failure { return failed(failure, answer) }
            let shown = secrets.start(of: word, atMost: 200)
            return .unknownStatus(shown, retryAfter: wait(answer, step.reading.wait, context))
        }
        switch state {
        case .queued: return .queued(retryAfter: wait(answer, step.reading.wait, context))
        case .running: return .running(progress: progress(step, context), retryAfter: wait(answer, step.reading.wait, context))
        case .ready, .partial:
            let missing = state == .partial ? said(step, context, "the provider reports the export as \(word)") : nil
            let (handle, sources) = try readyHandle(check, step, answer, context, missing: missing)
            return check.phase.index == nil ? ready(check, answer, sources, handle) : advanced(check.phase.index, handle)
        case .empty: return .empty
        case .expired: return .expired
        case .failed:
            let code = step.reading.error.code?.codeWord(context, secrets) ?? "export-failed"
            return .failed(code: code, message: said(step, context, "the provider reports the export as \(word)"))
        }
    }

    private func said(_ step: StatusPlan, _ context: JQValue, _ otherwise: String) -> String {
        secrets.redacted(step.reading.error.message?.text(context, secrets) ?? otherwise)
    }

    /// A status that is not there yet is an export that still runs.
    private func failed(_ failure: Failure, _ answer: ProviderResponse) -> CheckOutcome {
        failure.failureClass == .notYet && failure.concernsAccount != true
            ? .running(progress: nil, retryAfter: failure.retryAfter) : .failure(reported(failure, answer))
    }

    /// Converts a percentage to 0...1. Progress is a hint: a filter that fails, or a text that is not a number, gives none.
    private func progress(_ step: StatusPlan, _ context: JQValue) -> Double? {
        guard let value = try? step.progress?.first(context) else { return nil }
        let percent = value.number ?? value.string.flatMap { Double($0.hasSuffix("%") ? String($0.dropLast()) : $0) }
        guard let percent, percent.isFinite else { return nil }
        return min(max(percent / 100, 0), 1)
    }
}
