import ExportCore
import JobStore

extension RandomWalk {
    mutating func fileMachine() -> FileMachine {
        let delay = delay()
        return FileMachine(
            rules: FileMachine.Rules(
                retry: RetryPolicy(attempts: 1 + random.below(4), base: delay, cap: delay), lease: delay, watchdog: delay))
    }

    /// Somebody lists a page of files of a job that is READY, at times twice.
    mutating func addFiles() async throws {
        let ready = ids.filter { model.jobs[$0]?.status == .ready }
        guard var job = try await view() else { return }
        if let id = ready.randomElement(using: &random), random.chance(70), let known = model.jobs[id] {
            job = known.claimed
            remember(job)
        }
        job.state.status = .ready
        // At times the caller's count is not the stored one: a worker has ended a file since the job was read.
        if random.chance(20) { job.state.filesDone += job.state.filesDone > 0 ? -1 : 1 }
        let isLast = random.chance(60), delay = delay(), cursor = isLast ? nil : "page"
        // Few names, so that some come twice.
        let files = (0..<random.below(3)).map { _ in TestStore.file("f\(random.below(3)).csv\(random.chance(30) ? ".gz" : "")") }
        let machine = JobMachine(rules: JobRules(lease: delay, watchdog: delay))
        // The files of most jobs are queued at once, those of others wait for their turn.
        let atOnce = random.chance(50) ? DownloadTurns.atOnce : random.below(3)
        for time in 0...random.below(2) {
            guard let decision = machine.decide(.pageListed(added: files.count, isLast: isLast), in: job.state, random: 0),
                decision.error == nil
            else { return }
            let expected = model.addFiles(files.count, to: job, decision: decision, cursor: cursor, atOnce: atOnce)
            let found = try await test.store.addFiles(files, to: job, decision: decision, cursor: cursor, atOnce: atOnce).withoutTimes
            let outcome =
                switch found {
                case .added: isLast ? "the last" : "more to come"
                case .stale: "stale"
                case .countsDiffer: "counts differ"
                }
            note("add files", "\(job.id) \(job.version) \(files.count)", outcome)
            try agree(found, expected, "a page of \(job.id), time \(time)")
            // The caller decides again.
            if case .countsDiffer(let done, let failed) = found { (job.state.filesDone, job.state.filesFailed) = (done, failed) }
        }
    }

    /// It is a job's turn.
    mutating func queueFiles() async throws {
        let id = transferringJob(), limit = 1 + random.below(3)
        guard let decision = fileMachine().decide(.published, in: .listed(token: 0)) else { return }
        let expected = model.queueFiles(of: id, limit: limit)
        let found = try await test.store.queueFiles(of: id, limit: limit, decision: decision)
        note("queue files", "\(id) \(limit)", found.files.isEmpty ? "none" : found.hasMore ? "more" : "done")
        try agree(found, expected, "files queued of \(id)")
    }

    /// A worker has a message of a file. What it tells of the state is true, or was, or never.
    mutating func claimFile() async throws {
        let id = transferringJob(), machine = fileMachine()
        let index = random.below(
            (model.jobs[id]?.files.count ?? 0) + (random.chance(5) ? 2 : 0) + (model.jobs[id]?.files.isEmpty == false ? 0 : 1))
        let token = random.chance(70) ? model.file(index, of: id)?.state.token ?? 0 : random.below(4)
        var state = FileState.queued(token: token, since: nil, copies: 0), isTimerDue = false
        for _ in 0..<2 {
            guard let decision = machine.decide(.claimed(isTimerDue: isTimerDue), in: state) else {
                return note("claim file", "\(id)#\(index) \(state)", "refused, \(state.kind)")
            }
            // Some workers take their time between what they have read and the claim.
            if random.chance(15) { return delayed.append(.claim(index, id, state, decision)) }
            guard let (found, isDue) = try await claimFile(index, id, state, decision) else { return }
            (state, isTimerDue) = (found, isDue)
        }
    }

    /// - Returns: the state from which to decide again.
    mutating func claimFile(
        _ index: Int, _ id: JobID, _ state: FileState, _ decision: FileDecision
    ) async throws -> (FileState, isTimerDue: Bool)? {
        let expected = model.claimFile(index, of: id, from: state, decision: decision)
        let details = "\(id)#\(index) from \(state) to \(decision.state)"
        switch try await test.store.claimFile(index, of: id, from: state, decision: decision) {
        case .claimed(let file):
            note("claim file", details, "claimed")
            try agree(.claimed(file.state, attempt: file.attempt), expected, "claim of \(details)")
            try hold(file)
            return nil
        case .differs(let found, let isTimerDue):
            note("claim file", details, "differs")
            try agree(.differs(found.withoutTime, isTimerDue: isTimerDue), expected, "claim of \(details)")
            return (found, isTimerDue)
        case .closed:
            note("claim file", details, "closed")
            try agree(.closed, expected, "claim of \(details)")
            return nil
        }
    }

    private mutating func hold(_ file: ClaimedFile) throws {
        var state = file.job.state
        state.waited = .zero
        if state.deferredFor != nil { state.deferredFor = .zero }
        try agree(state, model.jobs[file.job.id]?.state, "the job of a claimed file")
        held.append(file)
        if held.count > 30 { held.removeFirst(10) }
    }

    /// A worker that has a file, or believes so.
    private mutating func holder() -> ClaimedFile? {
        guard !held.isEmpty else { return nil }
        if random.chance(20), let file = held.last(where: { model.file($0.index, of: $0.job.id)?.state == $0.state }) { return file }
        let range = random.chance(60) ? held.suffix(6) : held[...]
        return range.randomElement(using: &random)
    }

    mutating func extendFile() async throws {
        guard let file = holder() else { return }
        try await extend(file)
    }

    mutating func extend(_ file: ClaimedFile) async throws {
        let lease = delay()
        // A timer that moves within the millisecond in which it was claimed would not move.
        try await laterThanPlanned()
        let expected = model.extendFile(file.index, of: file.job.id, claimed: file.state, lease: lease)
        let found = try await test.store.extendFile(file, lease: lease)
        note("extend file", "\(file.job.id)#\(file.index) \(file.state) \(lease)", found ? "extended" : "lost")
        try agree(found, expected, "heartbeat of \(file.job.id)#\(file.index) in \(file.state)")
    }

    mutating func storeFile() async throws {
        guard let file = holder(), let decision = fileMachine().decide(.stored, in: file.state) else { return }
        let object = StoredObject(name: "a.csv", source: "https://x.example/a.csv", bytes: 3, sha256: "ab", key: "p/a.csv")
        let lease: Duration? = random.chance(50) ? delay() : nil, id = file.job.id
        let counting = model.manifestCount(ofApplying: decision, file.index, of: id)
        let expected = model.applyFile(decision, file.index, of: id, claimed: file.state, name: file.file.name)
        let claimed = expected == true ? lease.flatMap { model.claimManifest(id, lease: $0, counting: counting) } : nil
        let found = try await test.store.applyFile(decision, to: file, objects: [object], manifestLease: lease)
        let isLast = found != nil && model.jobs[id]?.hasAllFiles == true
        let outcome =
            found.map { $0.manifest != nil ? "the last, claimed" : $0.isLast ? "the last" : isLast ? "the last, after failures" : "stored" }
            ?? "lost"
        note("store file", "\(id)#\(file.index) \(file.state) \(lease.map { "\($0)" } ?? "-")", outcome)
        try agree(found?.isLast, expected, "end of \(id)#\(file.index) in \(file.state)")
        try agree(found?.manifest?.version, claimed?.version, "claim of the manifest of \(id)")
        if let job = found?.manifest { remember(job.claimed) }
    }

    /// An attempt fails, is handed back by its worker, or is found to be one too many.
    mutating func failFile() async throws {
        guard let file = holder() else { return }
        let machine = fileMachine(), id = file.job.id
        let failures = [
            Failure(.transient, code: "http-503", message: "busy"), Failure(.throttled, code: "http-429", message: "later"),
            Failure(.permanent, code: "http-400", message: "no"),
        ]
        var failure: Failure? = failures[random.below(failures.count)]
        var decision = failure.flatMap {
            machine.decide(.failed($0, attempt: file.attempt, deferredFor: file.deferredFor), in: file.state, random: 0.5)
        }
        if let verdict = machine.verdictAtClaim(attempt: file.attempt, in: file.state) {
            (decision, failure) = (verdict, nil)
        } else if random.chance(20) {
            (decision, failure) = (machine.decide(.handedBack, in: file.state), nil)
        }
        guard let decision else { return }
        let expected = model.applyFile(decision, file.index, of: id, claimed: file.state, name: file.file.name, failure: failure)
        let found = try await test.store.applyFile(decision, to: file, failure: failure)
        let outcome = decision.count == .unchanged ? decision.usesAttempt ? "counted" : "not counted" : "given up"
        note("fail file", "\(id)#\(file.index) \(file.state) \(decision)", found == nil ? "lost" : outcome)
        try agree(found?.isLast, expected, "failure of \(id)#\(file.index) in \(file.state)")
    }
}
