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

    /// - Parameter dead: the session that an answer to this check has refused.
    private func send(_ job: JobContext, _ exportHandle: String, _ index: Int, _ answers: Inbox<CheckAnswer>, after dead: String? = nil) {
        guard let session = plan.statusSession, dead != nil || !isSignedIn else {
            return ask(job, exportHandle, index, answers, isSecond: dead != nil)
        }
        Task {
            do throws(Failure) {
                try await signIn(session, after: dead)
                ask(job, exportHandle, index, answers, isSecond: dead != nil)
            } catch {
                answers.put(CheckAnswer(index: index, outcome: .failure(reported(error)), took: .zero))
            }
        }
    }

    private func ask(_ job: JobContext, _ exportHandle: String, _ index: Int, _ answers: Inbox<CheckAnswer>, isSecond: Bool) {
        let step = plan.status
        do throws(Failure) {
            let context = try context(step.request.parts.union(step.parts), job, exportHandle)
            let request = try request(step.request, context, JSONSources(parameters: job.request.parameters, handle: exportHandle))
            lastCheck += 1
            let number = lastCheck
            checks[number] = PendingCheck(
                context: context, parameters: job.request.parameters, method: request.method, url: request.url,
                job: plan.listsReadyAnswer ? job : nil,
                exportHandle: exportHandle, index: index, answers: answers, begun: .now,
                retry: isSecond || plan.statusSession == nil ? nil : session.map { (job, $0.id) })
            if step.ready == .download {
                // Reading the head of a stream has no callback; such an API has few exports at once.
                Task { answered(number, await head(request)) }
            } else {
                http.send(request, from: thread) { [self] response in assumeIsolated { $0.answered(number, response) } }
            }
        } catch {
            answers.put(CheckAnswer(index: index, outcome: .failure(reported(error)), took: .zero))
        }
    }

    /// A check that waits for its response. The context stays here, because libjq's values belong to this actor.
    struct PendingCheck {
        let context: JQValue
        let parameters: String
        let method: HTTPMethod
        let url: String
        /// Set if the files are read from the ready answer.
        let job: JobContext?
        let exportHandle: String
        let index: Int
        let answers: Inbox<CheckAnswer>
        let begun: ContinuousClock.Instant
        /// What a second request needs if the session is refused; `nil` without a session, and for the second request.
        let retry: (job: JobContext, session: String)?
    }

    private func answered(_ number: UInt64, _ response: Result<HTTPResponse, HTTPError>) {
        guard let check = checks.removeValue(forKey: number) else { return }
        if let retry = check.retry, case .success(let answer) = response, answer.status == 401, refusesSession(answer.url, asked: check.url)
        {
            noteBudget(.check, answer.headers)
            return send(retry.job, check.exportHandle, check.index, check.answers, after: retry.session)
        }
        check.answers.put(CheckAnswer(index: check.index, outcome: judged(check, response), took: .now - check.begun))
    }

    private func judged(_ check: PendingCheck, _ response: Result<HTTPResponse, HTTPError>) -> CheckOutcome {
        let answer: ProviderResponse
        switch response {
        case .success(let response):
            answer = ProviderResponse(
                response, method: check.method, url: check.url, as: plan.status.request.answer,
                credentials: plan.statusCredentials)
        case .failure(let error): return .failure(reported(Failure(error)))
        }
        noteBudget(.check, answer.headers)
        trace(answer, took: .now - check.begun)
        let answered = contexts.context(plan.status.parts, check.context, answer: answer)
        do throws(Failure) {
            return try judging(answer, "status at") { () throws(Failure) in try outcome(check, answer, answered) }
        } catch {
            return .failure(reported(error, answer))
        }
    }

    private func outcome(_ check: PendingCheck, _ answer: ProviderResponse, _ context: JQValue) throws(Failure) -> CheckOutcome {
        let step = plan.status
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
            word = try step.state.first(context)?.text ?? "(nothing)"
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
        case .ready: return try ready(check, answer, context)
        case .empty: return .empty
        case .expired: return .expired
        case .failed:
            let message = step.reading.error.message?.text(context, secrets) ?? "the provider reports the export as \(word)"
            let code = step.reading.error.code?.codeWord(context, secrets) ?? "export-failed"
            return .failed(code: code, message: secrets.redacted(message))
        }
    }

    /// A status that is not there yet is an export that still runs.
    private func failed(_ failure: Failure, _ answer: ProviderResponse) -> CheckOutcome {
        failure.failureClass == .notYet
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
