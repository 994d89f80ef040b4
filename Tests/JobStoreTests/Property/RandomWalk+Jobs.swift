import ExportCore
import JobStore

extension RandomWalk {
    mutating func admit() async throws {
        let jobs = try (0...random.below(3)).map { _ in
            let id = anyJob()
            // A job's name determines the rest, as it should when the same message comes twice.
            let number = id.partition(of: 1000)
            return try test.request(id.text, JobPriority.allCases[number % 3], tenant: StoreSnapshot.tenants[number / 3 % 2])
        }
        let watchdog = delay()
        let expected = jobs.map { job in
            let admission = model.admit(job, watchdog: watchdog)
            if admission != .known { model.waiting.enqueue(job.id, job.priority, job.tenant) }
            return admission
        }
        let found = try await test.store.admit(jobs, watchdog: watchdog)
        note("admit", "\(jobs.map(\.id)) \(watchdog)", found.count == 1 ? "\(found[0])" : "several")
        try agree(found, expected, "outcomes of an admission")
    }

    /// What decides: the rules with delays of one kind.
    private mutating func machine() -> JobMachine {
        let delay = delay()
        return JobMachine(
            rules: JobRules(
                polling: .fixed(interval: delay), retry: RetryPolicy(attempts: 3, base: delay, cap: delay),
                recreate: RecreatePolicy(attempts: 2, after: delay), skipsFailedFiles: random.chance(50), maxWait: Self.far * 100,
                unknownStatusLimit: 3, lease: delay, watchdog: delay))
    }

    private mutating func event(in status: JobStatus) -> JobEvent {
        let error = JobError(code: "broken", message: "it broke")
        let transient = Failure(.transient, code: "http-503", message: "busy", mayHaveRun: random.chance(50))
        let throttled = Failure(.throttled, code: "http-429", message: "slow down")
        let permanent = Failure(.permanent, code: "http-400", message: "bad request")
        if random.chance(3) { return [.cancelled, .cancelFailed(transient), .cancelFailed(permanent)][random.below(3)] }
        let usual: [JobEvent] =
            switch status {
            case .pending: [.created(PollHints()), .created(PollHints()), .stepFailed(transient), .stepFailed(throttled)]
            case .polling:
                [
                    .ready, .ready, .ready, .empty, .notReady(PollHints()), .unknownStatus("ODD", PollHints()), .exportFailed(error),
                    .stepFailed(transient), .stepFailed(throttled),
                ]
            case .ready: [.stepFailed(transient), .stepFailed(throttled), .listingRefused(error)]
            case .processing: [.manifestWritten, .watchdogFired(fileError: error), .watchdogFired(fileError: nil)]
            case .completed, .failed: [.ready, .watchdogFired(fileError: nil), .manifestWritten]
            }
        if random.chance(4) { return .stepFailed(permanent) }
        return usual[random.below(usual.count)]
    }

    /// Somebody decides what an event means to what they know of a job.
    private mutating func change() async throws -> (change: JobChange, event: JobEvent)? {
        // At times a job ends while timers of its files are due.
        let ending = random.chance(5) ? jobWithDueFile() : nil
        let known = if let ending { ending.claimed } else { try await view() }
        guard let job = known else { return nil }
        let event = ending != nil ? .cancelled : event(in: job.state.status)
        guard let decision = machine().decide(event, in: job.state, random: Double(random.below(500) + 500) / 1000) else { return nil }
        let isCheck = job.state.status == .polling && !event.isFailure
        let handle: String? = if case .created = event { #"{"id":"e\#(random.below(100))"}"# } else { nil }
        let change = JobChange(
            job, decision, detail: "x", isCheck: isCheck, isFailure: event.isFailure, exportHandle: handle,
            mayBeCreatedTwice: handle != nil && random.chance(10), answer: event.failure?.shown)
        return (change, event)
    }

    private func jobWithDueFile() -> ModelJob? {
        ids.lazy.compactMap { model.jobs[$0] }.first { job in
            job.isTransferring && job.files.indices.contains { model.timers[StoreModel.member(job.id, $0)]?.isDue == true }
        }
    }

    private mutating func foretell(_ change: JobChange) -> ChangeOutcome {
        model.apply(change).map { ChangeOutcome.applied(version: $0) } ?? .stale
    }

    /// Decisions are stored, one at a time, by a doubled caller, or together with those on other jobs.
    mutating func decide() async throws {
        guard let (change, event) = try await change() else { return }
        let details = "\(change.job.id) \(change.job.version) \(event)", store = test.store
        if random.chance(10) {
            let expected = foretell(change)
            async let first = store.apply([change]), second = store.apply([change])
            let found = try await [first[0].get(), second[0].get()].map(\.withoutTimes)
            note("apply twice at once", details, expected == .stale ? "stale" : "applied")
            try agree(found.count { $0 == expected }, expected == .stale ? 2 : 1, "outcomes of \(event) of a doubled caller, \(found)")
            return try agree(found.contains(.stale), true, "one of a doubled caller is stale")
        }
        var changes = [change], expected: [ChangeOutcome] = []
        if random.chance(30), let (other, _) = try await self.change(), other.job.id != change.job.id { changes.append(other) }
        for change in changes { expected.append(foretell(change)) }
        let found = try await store.apply(changes).map { try $0.get().withoutTimes }
        note("apply", details, found[0] == .stale ? "stale" : "applied, \(change.decision.state.status.rawValue)")
        if changes.count > 1 { note("apply together", "\(changes[1].job.id)", found[1] == .stale ? "stale" : "applied") }
        try agree(found, expected, "outcomes of \(event) and others")
    }

    mutating func cancel() async throws {
        let id = anyJob()
        let expected = model.cancel(id), found = try await test.store.cancel(id)
        note("cancel", "\(id)", "\(found)")
        try agree(found, expected, "cancel of \(id)")
    }

    /// An operator retries a failed job, at times twice.
    mutating func retry() async throws {
        let failed = ids.filter { model.jobs[$0]?.status == .failed }
        let id = failed.isEmpty || random.chance(20) ? anyJob() : failed[random.below(failed.count)]
        guard let job = try await test.store.job(id),
            let decision = JobMachine(rules: JobRules()).decide(.retryRequested(fromStart: random.chance(30)), in: job.state, random: 0)
        else { return }
        for _ in 0...random.below(2) {
            let expected = model.retry(id, version: job.version, decision)
            let found = try await test.store.retry(job, decision, detail: "retried")
            note("retry", "\(id) \(job.version)", found == nil ? "stale" : decision.state.status.rawValue)
            try agree(found, expected, "retry of \(id)")
        }
        if decision.actions.contains(.takePlace) { try await takePlace(of: id) }
    }
}
