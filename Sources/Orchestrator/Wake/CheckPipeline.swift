import EventThread
import ExportCore
import JobStore
import Lifecycle
import ProviderAPI
import Retry
import TraceContext

/// The pipeline of status checks, the most frequent work. It handles together the wakes of one message that have the same provider.
///
/// Answers that arrive together are decided, stored and executed together. A slow answer delays no other.
actor CheckPipeline {
    private let store: JobStore
    private let interpreter: JobInterpreter
    private let durations: KnownDurations
    private let work: JobsInProgress
    private let thread: EventThread
    /// Of providers whose API tells of several exports at once.
    private lazy var gathering = CheckGathering(on: thread) { [weak self] jobs, provider in await self?.ask(jobs, of: provider) }
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        store: JobStore, interpreter: JobInterpreter, durations: KnownDurations, work: JobsInProgress, on thread: EventThread
    ) {
        self.store = store
        self.interpreter = interpreter
        self.durations = durations
        self.work = work
        self.thread = thread
    }

    /// - Parameters:
    ///   - jobs: POLLING jobs of the provider that have entered `work`; each leaves it here.
    ///   - batch: the span of the message that their wakes came in.
    func run(_ jobs: [ClaimedJob], of provider: Provider, in batch: TraceContext? = nil) async {
        guard let rules = provider.client.batchRules else { return await askEach(jobs, of: provider, in: batch) }
        await gathering.add(jobs, of: provider, rules: rules)
    }

    /// Checks each with a request of its own.
    private func askEach(_ jobs: [ClaimedJob], of provider: Provider, in batch: TraceContext? = nil) async {
        let checks = await admit(jobs, provider, batch)
        let answers = await provider.client.check(checks.map { ($0.context, $0.job.exportHandle ?? "{}") })
        while let arrived = await answers.next() {
            var failures: [Failure?] = []
            // Of all of them the tightest.
            var budget = await provider.client.takeBudget(.check)
            for answer in arrived {
                failures.append(await report(answer, of: checks[answer.index], provider, budget))
                budget = nil
            }
            await settle(arrived, failures, of: checks, provider)
        }
    }

    /// Checks several with one request for each account that they belong to: a limit counts each of these requests.
    private func ask(_ jobs: [ClaimedJob], of provider: Provider) async {
        let groups = await provider.client.accountGroups(of: jobs.map { JobContext(check: $0) })
        guard groups.count > 1 else { return await askTogether(jobs, of: provider) }
        for group in groups {
            Task(executorPreference: thread) { await self.askTogether(group.map { jobs[$0] }, of: provider) }
        }
    }

    /// Checks several of one account with one request, and those that its answer leaves out each on its own.
    private func askTogether(_ jobs: [ClaimedJob], of provider: Provider) async {
        let isSuspect = jobs.allSatisfy(\.state.isSuspect)
        guard let permission = await provider.gate.admit(.check, suspects: [isSuspect]).first else { return }
        if case .wait(let delay) = permission { return await hold(jobs.map { ($0, delay) }, provider) }
        let checks = jobs.map { job in
            let (span, trace) = JobTrace.check(of: job, in: nil)
            return Check(job: job, context: JobContext(check: job, trace: trace), permission: permission, span: span)
        }
        let answers = await provider.client.checkTogether(checks.map { ($0.context, $0.job.exportHandle ?? "{}") })
        let budget = await provider.client.takeBudget(.check)
        let asked = answers.filter(\.wasAsked)
        if asked.isEmpty { await provider.gate.withdraw(permission, .check) }
        var missing: [ClaimedJob] = [], unused: ProviderGate.Permission? = permission
        for answer in answers {
            var counted: Failure?
            if answer.wasAsked {
                provider.note(answer.failure, took: answer.took)
                counted = await provider.gate.report(
                    .check, unused ?? .granted, of: jobs[0].id, failure: answer.failure, took: answer.took, budget: budget)
                unused = nil
            }
            provider.metrics.countBatch(answer.answers.count)
            await settle(answer.answers, answer.answers.map { $0.outcome.failure.map { counted ?? $0 } }, of: checks, provider)
            for index in answer.missing {
                checks[index].span?.end()
                missing.append(jobs[index])
            }
        }
        if !missing.isEmpty { await askEach(missing, of: provider) }
    }

    /// Decides, stores and carries out what the answers mean.
    /// - Parameter failures: of each answer, as it counts.
    private func settle(_ answers: [CheckAnswer], _ failures: [Failure?], of checks: [Check], _ provider: Provider) async {
        var again: [JobChange] = [], spans: [TraceSpan] = []
        let stretch = provider.pace.stretch * (await durations.thinning(of: provider.name))
        // Most have the kind of the one before.
        var known: (kind: ExportKind, forecast: DurationForecast)?
        for (answer, failure) in zip(answers, failures) {
            let check = checks[answer.index], kind = await provider.kind(check.context)
            if known?.kind != kind { known = (kind, await durations.forecast(of: kind, aim: provider.machine.rules.polling.aim)) }
            let change = known.flatMap { known in decide(check, answer, failure, provider, known.kind, known.forecast, stretch) }
            guard let change else {
                await work.leave([check.job])
                check.span?.end()
                continue
            }
            // What has actions goes on by itself: a letter or a message may take long, and the others must not wait for it.
            if change.decision.actions.isEmpty {
                again.append(change)
                if let span = check.span { spans.append(span) }
            } else {
                carryOut(change, check.span)
            }
        }
        await interpreter.carryOut(again)
        await work.leave(again.map(\.job))
        for span in spans { span.end() }
    }

    private func report(_ answer: CheckAnswer, of check: Check, _ provider: Provider, _ budget: RateBudget?) async -> Failure? {
        guard answer.wasAsked else {
            await provider.gate.withdraw(check.permission, .check)
            return answer.outcome.failure
        }
        provider.note(answer.outcome.failure, took: answer.took)
        return await provider.gate.report(
            .check, check.permission, of: check.job.id, failure: answer.outcome.failure, took: answer.took, budget: budget)
    }

    private func carryOut(_ change: JobChange, _ span: TraceSpan? = nil) {
        Task(executorPreference: thread) {
            await Traces.within(span?.context) { _ = await self.interpreter.carryOut(change) }
            await self.work.leave([change.job])
            span?.end()
        }
    }

    private struct Check {
        let job: ClaimedJob
        let context: JobContext
        let permission: ProviderGate.Permission
        let span: TraceSpan?
    }

    /// The checks that may be sent now. The other jobs' timers move, and their claims do not count.
    private func admit(_ jobs: [ClaimedJob], _ provider: Provider, _ batch: TraceContext?) async -> [Check] {
        var checks: [Check] = []
        var held: [(job: ClaimedJob, delay: Duration)] = []
        for (job, permission) in zip(jobs, await provider.gate.admit(.check, suspects: jobs.map { $0.state.isSuspect })) {
            if case .wait(let delay) = permission {
                held.append((job, delay))
            } else {
                let (span, trace) = JobTrace.check(of: job, in: batch)
                checks.append(Check(job: job, context: JobContext(check: job, trace: trace), permission: permission, span: span))
            }
        }
        if !held.isEmpty { await hold(held, provider) }
        return checks
    }

    /// The wait for an export has its end, whether or not its provider may be asked.
    private func hold(_ held: [(job: ClaimedJob, delay: Duration)], _ provider: Provider) async {
        let obstacle = await provider.gate.obstacle(.check)
        for (job, delay) in held {
            if let obstacle, let verdict = provider.machine.verdictWhileHeld(job.state, by: obstacle.why) {
                carryOut(JobChange(job, verdict, detail: verdict.error?.code ?? ""))
            } else {
                let rest = max(provider.machine.rules.maxWait - job.state.waited, .milliseconds(1))
                Task(executorPreference: thread) { await self.postpone(job, by: obstacle == nil ? delay : min(delay, rest)) }
            }
        }
    }

    private func postpone(_ job: ClaimedJob, by delay: Duration) async {
        await work.postpone(job, by: delay)
        await work.leave([job])
    }

    private func decide(
        _ check: Check, _ answer: CheckAnswer, _ failure: Failure?, _ provider: Provider, _ kind: ExportKind, _ forecast: DurationForecast,
        _ stretch: Double
    ) -> JobChange? {
        let moment = PollMoment(forecast: forecast, clock: provider.clock, stretch: stretch)
        let finding = CheckFinding(answer, of: check.job, failure, moment, provider.machine.rules)
        provider.metrics.countCheck(finding.outcome)
        check.span?.found(finding, failure)
        guard let decision = provider.machine.decide(finding.event, in: check.job.state, random: Jitter.shared.next()) else { return nil }
        if decision.state.status == .ready {
            let bound = check.job.sinceLastCheck ?? check.job.state.waited
            provider.metrics.ready(
                of: kind.key, after: decision.state.attempts, lag: answer.lag, atMost: bound, waited: check.job.state.waited,
                predicted: forecast.usual)
        }
        return JobChange(
            check.job, decision, detail: decision.error?.code ?? finding.detail, isCheck: true, isFailure: finding.event.isFailure,
            exportHandle: finding.exportHandle, answer: finding.answer, readyPage: finding.readyPage)
    }
}
