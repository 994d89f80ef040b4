import EventThread
import ExportCore
import HTTPClient
import JQ

extension ProviderClient {
    /// Asks how far an export is. Cancelling the task does not end the request; its timeouts do.
    public func check(_ job: JobContext, exportHandle: String) async -> CheckOutcome {
        let answer = await check([(job, exportHandle)]).next()?.first
        return answer?.outcome ?? .failure(Failure(.transient, code: "no-answer", message: "the check brought no answer"))
    }

    /// Asks how far several exports are: all requests are sent at once, and each answer is judged as it comes.
    /// - Returns: the answers, to be taken as they arrive.
    public func check(_ exports: [(job: JobContext, exportHandle: String)]) -> Inbox<CheckAnswer> {
        let answers = Inbox<CheckAnswer>(expecting: exports.count, on: thread)
        for (index, export) in exports.enumerated() { send(export.job, export.exportHandle, index, answers) }
        return answers
    }

    private func send(_ job: JobContext, _ exportHandle: String, _ index: Int, _ answers: Inbox<CheckAnswer>) {
        let step = plan.status
        do throws(Failure) {
            let context = try context(step.request.parts.union(step.parts), job, exportHandle)
            let request = try request(step.request, context)
            lastCheck += 1
            let number = lastCheck
            checks[number] = PendingCheck(
                context: context, url: request.url, exportHandle: exportHandle, index: index, answers: answers, begun: .now)
            http.send(request, from: thread) { [self] response in assumeIsolated { $0.answered(number, response) } }
        } catch {
            answers.put(CheckAnswer(index: index, outcome: .failure(secrets.redacted(error)), took: .zero))
        }
    }

    /// A check that waits for its response. The context stays here, because libjq's values belong to this actor.
    struct PendingCheck {
        let context: JQValue
        let url: String
        let exportHandle: String
        let index: Int
        let answers: Inbox<CheckAnswer>
        let begun: ContinuousClock.Instant
    }

    private func answered(_ number: UInt64, _ response: Result<HTTPResponse, HTTPError>) {
        guard let check = checks.removeValue(forKey: number) else { return }
        check.answers.put(CheckAnswer(index: check.index, outcome: judged(check, response), took: .now - check.begun))
    }

    private func judged(_ check: PendingCheck, _ response: Result<HTTPResponse, HTTPError>) -> CheckOutcome {
        let step = plan.status
        do throws(Failure) {
            let answer: ProviderResponse
            switch response {
            case .success(let response): answer = try ProviderResponse(response, url: check.url)
            case .failure(let error): throw Failure(error)
            }
            let answered = contexts.context(step.parts, check.context, answer: answer)
            return try judging { () throws(Failure) in try outcome(step, answer, answered, check.exportHandle) }
        } catch {
            return .failure(secrets.redacted(error))
        }
    }

    private func outcome(_ step: StatusPlan, _ answer: ProviderResponse, _ context: JQValue, _ handle: String) throws(Failure)
        -> CheckOutcome
    {
        let failure = try failure(answer, step.error, context, "status at")
        // If the HTTP code is not a success, only a state filter that reads the code applies: the body may come from a proxy.
        if let failure, answer.isSuccess || !step.readsHTTPStatus { return .failure(secrets.redacted(failure)) }
        let word: String
        do throws(Failure) {
            word = try step.state.first(context)?.text ?? "(nothing)"
        } catch {
            throw failure ?? error
        }
        guard let state = step.words[word] else {
            if let failure { return .failure(secrets.redacted(failure)) }
            return .unknownStatus(secrets.redacted(String(word.prefix(200))), retryAfter: retryAfter(answer))
        }
        switch state {
        case .queued: return .queued(retryAfter: retryAfter(answer))
        case .running: return .running(progress: progress(step, context), retryAfter: retryAfter(answer))
        case .ready: return .ready(exportHandle: try updatedHandle(step, context, handle))
        case .empty: return .empty
        case .expired: return .expired
        case .failed:
            let message = step.error.text(step.error.message, context) ?? "the provider reports the export as \(word)"
            return .failed(code: step.error.codeWord(context) ?? "export-failed", message: secrets.redacted(message))
        }
    }

    /// Converts a percentage to 0...1. Progress is a hint: a filter that fails, or a text that is not a number, gives none.
    private func progress(_ step: StatusPlan, _ context: JQValue) -> Double? {
        guard let value = try? step.progress?.first(context) else { return nil }
        let percent = value.number ?? value.string.flatMap { Double($0.hasSuffix("%") ? String($0.dropLast()) : $0) }
        guard let percent, percent.isFinite else { return nil }
        return min(max(percent / 100, 0), 1)
    }

    private func updatedHandle(_ step: StatusPlan, _ context: JQValue, _ handle: String) throws(Failure) -> String? {
        guard let export = step.export else { return nil }
        guard let base = try? JQValue(json: handle) else {
            throw Failure(.permanent, code: "invalid-handle", message: "the export handle: not JSON")
        }
        return try export.handle(context, base: base)
    }

    /// The kind of export by `polling.key`; `nil` if the provider file has no key. It only groups durations: if the filter fails
    /// for these parameters, the job joins the jobs without a kind.
    public func pollingKey(_ job: JobContext) -> String? {
        guard let key = plan.pollingKey,
            let context = try? contexts.context(key.parts, job, exportHandle: nil, page: nil, secrets: secrets.object),
            let value = try? key.first(context), !value.isNull
        else { return nil }
        return String(secrets.redacted(value.text).prefix(200))
    }
}
