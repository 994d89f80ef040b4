import EventThread
import ExportCore
import HTTPClient
import JQ
import TraceContext

extension ProviderClient {
    /// Asks how far an export is. Cancelling the task does not end the request; its timeouts do.
    public func check(_ job: JobContext, exportHandle: String) async -> CheckOutcome {
        await answer(job, exportHandle: exportHandle).outcome
    }

    /// The same, with the handle that the answer may have changed.
    public func answer(_ job: JobContext, exportHandle: String) async -> CheckAnswer {
        let none = Failure(.transient, code: "no-answer", message: "the check brought no answer")
        return await check([(job, exportHandle)]).next()?.first ?? CheckAnswer(index: 0, outcome: .failure(none), took: .zero)
    }

    /// Asks how far several exports are: all requests are sent at once, and each answer is judged as it comes.
    /// - Returns: the answers, to be taken as they arrive.
    public func check(_ exports: [(job: JobContext, exportHandle: String)]) -> Inbox<CheckAnswer> {
        let answers = Inbox<CheckAnswer>(expecting: exports.count, on: thread)
        for (index, export) in exports.enumerated() { send(export.job, export.exportHandle, index, answers) }
        return answers
    }

    /// - Parameter dead: the session that an answer to this check has refused.
    private func send(_ job: JobContext, _ exportHandle: String, _ number: Int, _ answers: Inbox<CheckAnswer>, after dead: String? = nil) {
        Traces.within(job.trace) { begin(job, exportHandle, number, answers, after: dead) }
    }

    private func begin(_ job: JobContext, _ exportHandle: String, _ number: Int, _ answers: Inbox<CheckAnswer>, after dead: String?) {
        let phase = phase(of: exportHandle)
        if let index = phase.index, let outcome = skipped(index, job, exportHandle) {
            return answers.put(CheckAnswer(index: number, outcome: outcome, took: .zero, wasAsked: false))
        }
        let account: Account
        do throws(Failure) {
            account = try dead == nil ? usableAccount(of: job) : self.account(of: job)
        } catch {
            return answers.put(CheckAnswer(index: number, outcome: .failure(reported(error)), took: .zero, wasAsked: false))
        }
        guard let session = phase.session, dead != nil || !account.isSignedIn else {
            return ask(job, exportHandle, phase, number, answers, isSecond: dead != nil)
        }
        Task {
            do throws(Failure) {
                try await signIn(session, account, after: dead)
                ask(job, exportHandle, phase, number, answers, isSecond: dead != nil)
            } catch {
                answers.put(CheckAnswer(index: number, outcome: .failure(reported(error)), took: .zero))
            }
        }
    }

    /// What a check of an export asks for.
    struct Phase {
        let plan: PhasePlan
        /// Its place in `steps`; `nil`: the status.
        let index: Int?
        /// What its request signs in with.
        let session: SessionPlan?
    }

    func phase(of exportHandle: String) -> Phase {
        guard !plan.steps.isEmpty, let index = ExportHandle(exportHandle).step, plan.steps.indices.contains(index) else {
            return Phase(plan: .wait(plan.status), index: nil, session: plan.statusSession)
        }
        let step = plan.steps[index].plan
        return Phase(plan: step, index: index, session: sessionPlan(of: step.request))
    }

    /// An entry of `steps` whose `when` is not true is done without a request.
    private func skipped(_ index: Int, _ job: JobContext, _ exportHandle: String) -> CheckOutcome? {
        guard let when = plan.steps[index].when else { return nil }
        do throws(Failure) {
            let context = try contexts.context(
                when.parts, job, exportHandle: exportHandle, page: nil, secrets: account(of: job).secrets.object)
            return try when.isTrue(context) ? nil : advanced(index, exportHandle)
        } catch {
            return .failure(reported(error))
        }
    }

    private func ask(
        _ job: JobContext, _ exportHandle: String, _ phase: Phase, _ index: Int, _ answers: Inbox<CheckAnswer>, isSecond: Bool
    ) {
        do throws(Failure) {
            let template = phase.plan.request
            let context = try context(template.parts.union(phase.plan.parts), job, exportHandle)
            let account = try account(of: job)
            let session = phase.session == nil || isSecond ? nil : account.session?.id
            let token = try token(for: plan.credentials(of: template), job)
            let sources = JSONSources(parameters: job.request.parameters, handle: exportHandle)
            let request = try request(template, context, sources, token: token)
            lastCheck += 1
            let number = lastCheck
            checks[number] = PendingCheck(
                phase, context, job, exportHandle, (request.method, request.url), token, account, index, answers,
                retrySession: session)
            if phase.index == nil, plan.status.ready == .download {
                // Reading the head of a stream has no callback; such an API has few exports at once.
                Task { answered(number, await head(request)) }
            } else {
                fetch(request) { [self] response in assumeIsolated { $0.answered(number, response) } }
            }
        } catch {
            answers.put(CheckAnswer(index: index, outcome: .failure(reported(error)), took: .zero))
        }
    }

    private func answered(_ number: UInt64, _ response: Result<HTTPResponse, HTTPError>) {
        guard let check = checks.removeValue(forKey: number) else { return }
        if let retry = check.retrySession, case .success(let response) = response, isRefused(check, response) {
            noteBudget(.check, response.headers, check.token)
            return send(check.job, check.exportHandle, check.index, check.answers, after: retry)
        }
        let (outcome, handle, lag) = judged(check, response)
        check.answers.put(CheckAnswer(index: check.index, outcome: outcome, took: .now - check.begun, exportHandle: handle, lag: lag))
    }

    private func isRefused(_ check: PendingCheck, _ response: HTTPResponse) -> Bool {
        let plan = check.phase.plan
        guard response.status == 401 || !plan.reading.rules.isEmpty else { return false }
        let answer = ProviderResponse(response, method: check.request.method, url: check.request.url, as: plan.request.answer)
        return refusesSession(answer, plan.reading, check.context)
    }
}
