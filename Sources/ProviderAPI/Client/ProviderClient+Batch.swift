import EventThread
import ExportCore
import HTTPClient
import JQ
import TraceContext

/// What one request for several exports brought.
public struct BatchAnswer: Sendable {
    /// For each export that the answer has, in any order; for every export if the request failed.
    public var answers: [CheckAnswer] = []
    /// The positions of exports that the answer says nothing of, or that cannot be asked for together: each is asked on its own.
    public var missing: [Int] = []
    /// Why the request as a whole brought nothing.
    public var failure: Failure?
    public var took = Duration.zero
    /// Whether the API was asked.
    public var wasAsked = true
}

extension ProviderClient {
    /// `status.batch`; `nil`: each export is asked for on its own.
    public nonisolated var batchRules: BatchRules? { definition.batch }

    /// The positions of jobs by the account that they belong to; those whose account is not known are together.
    public func accountGroups(of jobs: [JobContext]) -> [[Int]] {
        guard plan.accounts != nil else { return [Array(jobs.indices)] }
        var groups: [String?: [Int]] = [:]
        for (index, job) in jobs.enumerated() { groups[try? account(of: job).key, default: []].append(index) }
        return Array(groups.values)
    }

    /// Asks how far several exports are, with one request for each account that they belong to.
    public func checkTogether(_ exports: [(job: JobContext, exportHandle: String)]) async -> [BatchAnswer] {
        guard let batch = plan.status.batch else { return [BatchAnswer(missing: Array(exports.indices), wasAsked: false)] }
        var groups: [String: [Int]] = [:], answers: [BatchAnswer] = [], alone = BatchAnswer(wasAsked: false)
        for (index, export) in exports.enumerated() {
            do throws(Failure) {
                guard phase(of: export.exportHandle).index == nil else {
                    alone.missing.append(index)
                    continue
                }
                groups[try account(of: export.job).key, default: []].append(index)
            } catch {
                alone.answers.append(CheckAnswer(index: index, outcome: .failure(reported(error)), took: .zero, wasAsked: false))
            }
        }
        if !alone.missing.isEmpty || !alone.answers.isEmpty { answers.append(alone) }
        for members in groups.values { answers.append(await ask(batch, exports, members)) }
        return answers
    }

    private func ask(
        _ batch: BatchPlan, _ exports: [(job: JobContext, exportHandle: String)], _ members: [Int]
    ) async -> BatchAnswer {
        let begun = ContinuousClock.now
        var result = BatchAnswer(), received: ProviderResponse?
        do throws(Failure) {
            var places: [String: [Place]] = [:]
            for index in members {
                do throws(Failure) {
                    // What filters read of the export, and of its item later.
                    let context = try context(batch.exportID.parts.union(batch.item.parts), exports[index].job, exports[index].exportHandle)
                    guard let id = try batch.exportID.first(context)?.text else { result.missing.append(index); continue }
                    places[id, default: []].append(Place(index: index, context: context))
                } catch {
                    // It says nothing about the others.
                    result.answers.append(CheckAnswer(index: index, outcome: .failure(reported(error)), took: .zero, wasAsked: false))
                }
            }
            let handles = places.keys.sorted()
            guard let first = members.first, !handles.isEmpty else {
                result.wasAsked = false
                return result
            }
            let together = places.values.flatMap { $0 }.map { exports[$0.index] }
            let answer = try await exchange(batch, exports[first].job, handles, together)
            received = answer.answer
            result.took = .now - begun
            let outputs = try judging(answer.answer, "status.batch at") { () throws(Failure) in
                try items(batch, answer.answer, answer.context)
            }
            for item in outputs {
                // What has no id belongs to nobody.
                guard let id = try? batch.id.first(JQValue(object: [("item", item)]))?.text, let own = places.removeValue(forKey: id)
                else { continue }
                for place in own { result.answers.append(read(item, batch, answer.answer, exports[place.index], place, result.took)) }
            }
            result.missing += places.values.flatMap { $0 }.map(\.index)
        } catch {
            fail(&result, reported(error, received), members, took: .now - begun, wasAnswered: received != nil)
        }
        return result
    }

    /// Answers that refuse the request may be the fault of one of its exports: then each is asked for on its own. Others concern all.
    private func fail(_ result: inout BatchAnswer, _ failure: Failure, _ members: [Int], took: Duration, wasAnswered: Bool) {
        result.took = took
        let mayBeOne = wasAnswered && [.permanent, .gone].contains(failure.failureClass) && failure.concernsAccount != true
        if mayBeOne {
            noteOnce(about: "status.batch", "status.batch was refused, so that exports are asked for one by one: \(failure.message)")
            result.missing = members.filter { index in !result.answers.contains { $0.index == index } }
            return
        }
        result.failure = failure
        result.missing = []
        let settled = Set(result.answers.map(\.index))
        result.answers += members.filter { !settled.contains($0) }.map { CheckAnswer(index: $0, outcome: .failure(failure), took: took) }
    }

    /// An export among those that a request asks for, and what filters read of it.
    private struct Place {
        let index: Int
        let context: JQValue
    }

    /// Sends the request, with a valid session if it needs one; once more if that is refused.
    private func exchange(
        _ batch: BatchPlan, _ job: JobContext, _ ids: [String], _ exports: [(job: JobContext, exportHandle: String)]
    ) async throws(Failure) -> (answer: ProviderResponse, context: JQValue) {
        let account = try usableAccount(of: job), session = sessionPlan(of: batch.request)
        if let session { try await signIn(session, account) }
        let used = account.session?.id, token = try token(for: plan.credentials(of: batch.request), job)
        var context = try context(batch, account, ids, exports)
        var answer = try await send(.check, batch.request, context, JSONSources(), token: token)
        if let session, let used, refusesSession(answer, batch.reading, context) {
            try await signIn(session, account, after: used)
            context = try self.context(batch, account, ids, exports)
            answer = try await send(.check, batch.request, context, JSONSources())
        }
        answer.account = account
        return (answer, context)
    }

    private func context(
        _ batch: BatchPlan, _ account: Account, _ ids: [String], _ exports: [(job: JobContext, exportHandle: String)]
    ) throws(Failure) -> JQValue {
        let parts = batch.request.parts.union(batch.parts).union(plan.credentials.parts)
        if parts.contains(.secrets) { try account.requireSecrets() }
        let handles = parts.contains(.exports) ? exports.map { (try? JQValue(json: $0.exportHandle)) ?? .null } : []
        return contexts.context(
            secrets: account.secrets.object, session: account.session?.values, ids: ids.map { JQValue($0) }, exports: handles)
    }

    /// The items of the answer.
    private func items(_ batch: BatchPlan, _ answer: ProviderResponse, _ context: JQValue) throws(Failure) -> [JQValue] {
        let answered = contexts.context(batch.parts, context, answer: answer)
        if let failure = try verdict(answer, batch.reading, answered, "status.batch at").failure { throw failure }
        try requireReadable(answer, batch.parts, "status.batch at")
        return try batch.items.all(answered).flatMap { $0.elements ?? ($0.isNull ? [] : [$0]) }
    }

    private func read(
        _ item: JQValue, _ batch: BatchPlan, _ answer: ProviderResponse, _ export: (job: JobContext, exportHandle: String), _ place: Place,
        _ took: Duration
    ) -> CheckAnswer {
        do throws(Failure) {
            let phase = Phase(plan: .wait(batch.item), index: nil, session: nil)
            let check = PendingCheck(
                phase, place.context, export.job, export.exportHandle, (answer.method, answer.requestURL), answer.token,
                try account(of: export.job), place.index, Inbox(expecting: 1, on: thread), retrySession: nil)
            let (outcome, handle, lag) = read(check, answer.item(item))
            return CheckAnswer(index: place.index, outcome: outcome, took: took, exportHandle: handle, lag: lag)
        } catch {
            return CheckAnswer(index: place.index, outcome: .failure(reported(error)), took: took)
        }
    }
}
