import ExportCore
import JobStore

extension RandomWalk {
    mutating func admit() async throws {
        let jobs = try (0...random.below(3)).map { _ in
            let id = anyJob()
            // A job's name determines the rest, as it should when the same message comes twice.
            let number = id.partition(of: 1000)
            var job = try test.job(id.text, JobPriority.allCases[number % 3])
            job.tenant = StoreSnapshot.tenants[number / 3 % 2]
            return job
        }
        let watchdog = delay()
        let expected = jobs.map { job in
            let admission = model.admit(job, watchdog: watchdog)
            if admission != .known { model.waiting.enqueue(job.id, job.priority, job.tenant) }
            return admission
        }
        let found = try await test.store.admit(jobs, watchdog: watchdog)
        note("admit", "\(jobs.map(\.id)) \(watchdog)", found.count == 1 ? "\(found[0])" : "several")
        try agree(found, expected, "admissions")
    }

    /// What decides: the rules with delays of one kind.
    private mutating func machine() -> JobStateMachine {
        let delay = delay()
        return JobStateMachine(
            rules: JobRules(
                polling: .fixed(interval: delay), retry: RetryPolicy(attempts: 3, base: delay, cap: delay),
                recreate: RecreatePolicy(attempts: 2, after: delay), skipsFailedFiles: random.chance(50), maxWait: Self.far * 100,
                unknownStatusLimit: 3, lease: delay, watchdog: delay))
    }

    private mutating func event(in status: JobStatus) -> JobEvent {
        let error = JobError(code: "broken", message: "it broke")
        let transient = Failure(.transient, code: "http-503", message: "busy", mayHaveRun: random.chance(50))
        let permanent = Failure(.permanent, code: "http-400", message: "bad request")
        if random.chance(3) { return [.cancelled, .cancelFailed(transient), .cancelFailed(permanent)][random.below(3)] }
        let usual: [JobEvent] =
            switch status {
            case .pending: [.created(PollHints()), .created(PollHints()), .stepFailed(transient)]
            case .polling:
                [
                    .ready, .ready, .ready, .empty, .notReady(PollHints()), .unknownStatus("ODD", PollHints()), .exportFailed(error),
                    .stepFailed(transient),
                ]
            case .ready: [.stepFailed(transient), .stepFailed(transient), .listingRefused(error)]
            case .processing: [.manifestWritten, .watchdogFired, .watchdogFired, .fileFailed(error)]
            case .completed, .failed: [.ready, .watchdogFired, .manifestWritten]
            }
        if random.chance(4) { return .stepFailed(permanent) }
        return usual[random.below(usual.count)]
    }

    /// Somebody decides what an event means to what they have read of a job, and stores it, at times twice.
    mutating func decide() async throws {
        guard let view = try await view() else { return }
        let event = event(in: view.state.status)
        guard let decision = machine().decide(event, in: view.state, random: Double(random.below(500) + 500) / 1000) else { return }
        let isCheck = view.state.status == .polling && !event.isFailure
        let handle: String? = if case .created = event { #"{"id":"e\#(random.below(100))"}"# } else { nil }
        let change = JobChange(
            id: view.id, version: view.version, from: view.state, decision: decision, detail: "x", isCheck: isCheck,
            isFailure: event.isFailure, exportHandle: handle, mayBeCreatedTwice: handle != nil && random.chance(10))
        let expected = model.apply(change, from: view.state).map { ChangeOutcome.applied(version: $0) } ?? .stale
        let store = test.store
        if random.chance(10) {
            async let first = store.apply(change), second = store.apply(change)
            let found = try await [first, second]
            note("apply twice at once", "\(change.id) \(view.version) \(event)", expected == .stale ? "stale" : "applied")
            try agree(found.count { $0 == expected }, expected == .stale ? 2 : 1, "outcomes of \(event) of a doubled caller, \(found)")
            try agree(found.contains(.stale), true, "one of a doubled caller is stale")
        } else {
            let found = try await store.apply(change)
            note("apply", "\(change.id) \(view.version) \(event)", found == .stale ? "stale" : "applied, \(decision.state.status.rawValue)")
            try agree(found, expected, "outcome of \(event)")
        }
    }

    mutating func cancel() async throws {
        let id = anyJob()
        let expected = model.cancel(id), found = try await test.store.cancel(id)
        note("cancel", "\(id)", "\(found)")
        try agree(found, expected, "cancel of \(id)")
    }

    mutating func retry() async throws {
        let failed = ids.filter { model.jobs[$0]?.status == .failed }
        let id = failed.isEmpty || random.chance(20) ? anyJob() : failed[random.below(failed.count)]
        let fromStart = random.chance(30)
        let expected = model.retry(id, fromStart: fromStart)
        let found = try await test.store.retry(id, fromStart: fromStart)
        note("retry", "\(id) \(fromStart ? "from the start" : "")", "\(found)")
        try agree(found, expected, "retry of \(id)")
    }
}
