import ExportCore
import JobStore

extension RandomWalk {
    /// Somebody lists a page of files of a job that is READY, at times twice.
    mutating func addFiles() async throws {
        let ready = ids.filter { model.jobs[$0]?.status == .ready }
        guard var view = try await view() else { return }
        if let id = ready.randomElement(using: &random), random.chance(80), let job = model.jobs[id] {
            view = View(id: id, version: job.version, state: job.state)
            remember(view)
        }
        var state = view.state
        state.status = .ready
        let isLast = random.chance(60), delay = delay()
        let machine = JobStateMachine(rules: JobRules(lease: delay, watchdog: delay))
        guard let decision = machine.decide(.pageListed(isLast: isLast), in: state, random: 0) else { return }
        // Few names, so that some come twice.
        let files = (0..<random.below(3)).map { _ in TestStore.file("f\(random.below(3)).csv\(random.chance(30) ? ".gz" : "")") }
        for attempt in 0...random.below(2) {
            let first = model.jobs[view.id]?.files.count ?? 0
            let expected = model.addFiles(
                files.count, to: view.id, version: view.version, decision: decision, cursor: isLast ? nil : "page")
            let found = try await test.store.addFiles(
                files, to: view.id, version: view.version, decision: decision, cursor: isLast ? nil : "page")
            note("add files", "\(view.id) \(view.version) \(files.count)", found == nil ? "stale" : isLast ? "the last" : "more to come")
            try agree(found?.version, expected, "version after a page of \(view.id), time \(attempt)")
            guard let found, let job = model.jobs[view.id] else { continue }
            try agree(
                [found.first, found.filesTotal, found.filesEnded], [first, job.files.count, (job.filesDone ?? 0) + (job.filesFailed ?? 0)],
                "page of \(view.id)")
        }
    }

    mutating func claimFile() async throws {
        let id = transferringJob(), lease = delay(), most = 1 + random.below(4)
        let index = random.below(
            (model.jobs[id]?.files.count ?? 0) + (random.chance(5) ? 2 : 0) + (model.jobs[id]?.files.isEmpty == false ? 0 : 1))
        let expected = model.claimFile(index, of: id, lease: lease, maxAttempts: most)
        let found: ModelFileClaim
        switch try await test.store.claimFile(index, of: id, lease: lease, maxAttempts: most) {
        case .claimed(let file):
            found = .claimed(token: file.token, attempt: file.attempt)
            try hold(file)
        case .exhausted(let file):
            found = .exhausted(token: file.token, attempt: file.attempt)
            try hold(file)
        case .nothing(let reason): found = .nothing(reason)
        }
        note("claim file", "\(id)#\(index) \(lease) \(found)", String("\(found)".prefix { $0 != "(" || "\(found)".hasPrefix("nothing") }))
        try agree(found, expected, "claim of \(id)#\(index)")
    }

    private mutating func hold(_ file: ClaimedFile) throws {
        var state = file.job.state
        state.waited = .zero
        try agree(state, model.jobs[file.job.id]?.state, "the job of a claimed file")
        held.append(file)
        if held.count > 30 { held.removeFirst(10) }
    }

    /// A worker that has a file, or believes so.
    private mutating func holder() -> ClaimedFile? {
        guard !held.isEmpty else { return nil }
        let range = random.chance(60) ? held.suffix(6) : held[...]
        return range.randomElement(using: &random)
    }

    mutating func extendFile() async throws {
        guard let file = holder() else { return }
        let lease = delay()
        let expected = model.extendFile(file.index, of: file.job.id, token: file.token, lease: lease)
        let found = try await test.store.extendFile(file, lease: lease)
        note("extend file", "\(file.job.id)#\(file.index) \(file.token) \(lease)", found ? "extended" : "lost")
        try agree(found, expected, "heartbeat of \(file.job.id)#\(file.index) by \(file.token)")
    }

    mutating func finishFile() async throws {
        guard let file = holder() else { return }
        let object = StoredObject(name: "a.csv", source: "https://x.example/a.csv", bytes: 3, sha256: "ab", key: "p/a.csv")
        let lease: Duration? = random.chance(50) ? delay() : nil
        let counting = model.manifestCount(ofFinishing: file.index, of: file.job.id)
        let expected = model.finishFile(file.index, of: file.job.id, token: file.token)
        let claimed = expected == true ? lease.flatMap { model.claimManifest(file.job.id, lease: $0, counting: counting) } : nil
        let found = try await test.store.finishFile(file, objects: [object], manifestLease: lease)
        let outcome = found.map { $0.manifest != nil ? "the last, claimed" : $0.isLast ? "the last" : "done" } ?? "lost"
        note("finish file", "\(file.job.id)#\(file.index) \(file.token) \(lease.map { "\($0)" } ?? "-")", outcome)
        try agree(found?.isLast, expected, "end of \(file.job.id)#\(file.index) by \(file.token)")
        try agree(found?.manifest?.version, claimed?.version, "claim of the manifest of \(file.job.id)")
        if let job = found?.manifest { remember(View(id: job.id, version: job.version, state: job.state)) }
    }

    mutating func failFile() async throws {
        guard let file = holder() else { return }
        let retryAfter = random.chance(70) ? delay() : nil, counts = random.chance(60)
        let failure = Failure(.transient, code: "http-503", message: "busy")
        let error = JobError(code: failure.code, message: "file \(file.file.name): busy")
        let expected = model.failFile(
            file.index, of: file.job.id, token: file.token, error: error, retryAfter: retryAfter, counts: counts || retryAfter == nil)
        let found = try await test.store.failFile(file, failure: failure, retryAfter: retryAfter, counts: counts || retryAfter == nil)
        note(
            "fail file", "\(file.job.id)#\(file.index) \(file.token) \(retryAfter.map { "\($0)" } ?? "for good")",
            !found ? "lost" : retryAfter == nil ? "given up" : counts ? "counted" : "not counted")
        try agree(found, expected, "failure of \(file.job.id)#\(file.index) by \(file.token)")
    }

    mutating func findOrphans() async throws {
        let id = transferringJob(), watchdog = delay()
        let expected = model.findOrphans(of: id, from: 0, many: 8, watchdog: watchdog)
        let found = try await test.store.findOrphans(of: id, from: 0, many: 8, watchdog: watchdog)
        note("find orphans", "\(id) \(watchdog)", found.isEmpty ? "none" : "found")
        try agree(found, expected, "orphans of \(id)")
    }
}
