import ExportCore
@testable import JobStore

extension RandomWalk {
    mutating func claim() async throws {
        let partition = random.below(partitions), limit = random.chance(60) ? 100 : 1 + random.below(3), lease = delay()
        let perMessage = 1 + random.below(3)
        try await laterThanPlanned()
        let due = snapshot.overdue(model, in: partition, of: partitions).prefix(limit)
        let expected = model.claim(due, lease: lease, watchdog: Self.far)
        let found = try await test.store.claim(
            partition: partition, limit: limit, lease: lease, watchdog: Self.far, wakesPerMessage: perMessage)
        note("claim", "partition \(partition), \(limit) at most, \(lease): \(Array(due))", due.isEmpty ? "nothing" : "claimed")
        for job in expected.wakes where job.status == .polling { note("wake", "\(job.id)", job.claims == 1 ? "first" : "again") }
        try agree(found.lateness.count, due.count, "timers claimed")
        try agree(found.lateness.allSatisfy { $0 >= 0 }, true, "no timer fires early")
        try agree(found.files.map(\.withoutTime), expected.files, "files claimed")
        try agree(found.waiting.map(\.id), expected.waiting, "jobs claimed that wait")
        try agree(found.messages.count, (expected.wakes.count + perMessage - 1) / perMessage, "messages")
        let decoded = found.messages.map { Wake.decode($0) }
        try agree(decoded.reduce(0) { $0 + $1.malformed }, 0, "malformed wakes")
        let wakes = decoded.flatMap(\.jobs)
        try agree(wakes.map(\.id), expected.wakes.map(\.id), "wakes")
        for (wake, job) in zip(wakes, expected.wakes) { try check(wake, job) }
        // Some claimers die before they have put the jobs into the waiting list.
        if !found.waiting.isEmpty, random.chance(70) { try await enqueue(found.waiting) }
        try await requeue(found.files, expected.known)
    }

    /// Where delays are nothing or always the same, a timer that moves within the millisecond in which its check was planned would not move.
    func laterThanPlanned() async throws {
        while try await test.now() <= snapshot.now {}
    }

    private mutating func check(_ wake: ClaimedJob, _ job: ModelJob) throws {
        var state = job.state
        // What a wake does not tell.
        (state.resumeAt, state.createIsUncertain, state.waited, state.manifestClaims) = (nil, false, wake.state.waited, 0)
        if state.deferredFor != nil { state.deferredFor = wake.state.deferredFor }
        try agree(wake.state, state, "the wake's \(job.id)")
        try agree(wake.version, job.version, "version of the wake of \(job.id)")
        try agree(wake.isCancelRequested, job.isCancelRequested, "cancelling in the wake of \(job.id)")
        try agree(wake.exportHandle, job.export, "export in the wake of \(job.id)")
        let request = wake.request
        try agree([request.tenant, request.correlationID, request.provider], [job.tenant, "c-\(job.id)", "acme"], "the wake of \(job.id)")
        remember(wake)
    }

    private mutating func enqueue(_ jobs: [WaitingJob]) async throws {
        for job in jobs { model.waiting.enqueue(job.id, job.priority, job.tenant) }
        try await test.store.enqueue(jobs)
    }

    /// Somebody puts a job into the waiting list that may not, or no longer, wait.
    mutating func enqueue() async throws {
        let id = anyJob()
        guard let job = model.jobs[id] else { return }
        note("enqueue", "\(id)", "\(job.isQueued ? "waits" : "does not wait")")
        try await enqueue([
            WaitingJob(id: id, provider: "acme", priority: job.priority, tenant: job.tenant, since: Int64(random.below(1000)))
        ])
    }

    mutating func take() async throws {
        let limit = 1 + random.below(4), inFlight: Int? = random.chance(60) ? 4 : nil
        let room = inFlight.map { max($0 - model.places.count, 0) } ?? limit
        let atMost = min(limit, room), waiting = model.waiting.count
        let found = try await test.store.take(from: "acme", limit: limit, limits: StartLimits(inFlight: inFlight), lease: Self.far)
        note("take", "\(found.ids)", found.ids.isEmpty ? room == 0 ? "no room" : "nothing" : "taken")
        try agree(found.ids.count, min(atMost, waiting), "jobs taken of \(waiting), with room for \(room)")
        for id in found.ids { try agree(model.waiting.take(id), true, "it is the turn of \(id)") }
        model.countsPlaces = inFlight != nil
        if inFlight != nil { model.places.formUnion(found.ids) }
        let isEmpty = atMost > waiting || atMost == 0 && waiting == 0
        try agree(found.wait, isEmpty ? nil : room < limit ? .milliseconds(250) : .zero, "when to ask again")
        taken += found.ids
    }

    /// Starts what was taken, in part, or whatever else.
    mutating func start() async throws {
        let others = random.chance(20) ? [anyJob()] : []
        let jobs = (taken.filter { _ in random.chance(85) } + others).shuffled(using: &random)
        if random.chance(90) { taken = [] }
        guard !jobs.isEmpty else { return }
        let lease = delay()
        var expected: [JobID: ModelJob] = [:]
        for id in jobs where model.start(id, lease: lease) { expected[id] = model.jobs[id] }
        let found = try await test.store.start(jobs, lease: lease)
        note("start", "\(jobs) \(lease)", expected.isEmpty ? "nothing" : "started")
        try agree(Set(found.map(\.id)), Set(expected.keys), "jobs started")
        try agree(found.count, expected.count, "jobs started, each once")
        for job in found {
            var state = job.state
            state.waited = .zero
            if state.deferredFor != nil { state.deferredFor = .zero }
            try agree(state, expected[job.id]?.state, "the started \(job.id)")
            try agree(job.version, expected[job.id]?.version, "version of the started \(job.id)")
            remember(job)
        }
    }

    /// Twice, at times, as after an answer that was lost.
    mutating func postpone() async throws {
        guard let view = try await view() else { return }
        let delay = delay()
        for _ in 0...random.below(2) {
            model.postpone(view.id, version: view.version, by: delay)
            try await test.store.postpone([(view.id, view.version)], by: delay)
        }
        note("postpone", "\(view.id) \(view.version) \(delay)", model.timers[view.id.text]?.setAt == model.step ? "postponed" : "nothing")
    }

    mutating func extend() async throws {
        guard let view = try await view() else { return }
        let lease = delay()
        try await laterThanPlanned()
        model.extend(view.id, version: view.version, lease: lease)
        try await test.store.extend([(view.id, view.version)], lease: lease)
        note("extend", "\(view.id) \(view.version) \(lease)", model.timers[view.id.text]?.setAt == model.step ? "extended" : "nothing")
    }

    mutating func claimManifest() async throws {
        let id = transferringJob(), lease = delay(), counting: ManifestCount = random.chance(60) ? .one : .nothing
        let expected = model.claimManifest(id, lease: lease, counting: counting)
        let found = try await test.store.claimManifest(of: id, lease: lease, counting: counting)
        note("claim manifest", "\(id) \(lease)", found == nil ? "nothing" : "claimed")
        try agree(found?.version, expected?.version, "claim of the manifest of \(id)")
        if let found { remember(found.claimed) }
    }

    mutating func verifyPlaces() async throws {
        let expected = model.verifyPlaces()
        let found = try await test.store.verifyPlaces(of: "acme", olderThan: .zero)
        note("verify places", "", found == 0 ? "none freed" : "freed")
        try agree(found, expected, "places freed")
    }

    mutating func releasePlace() async throws {
        let id = anyJob()
        note("release place", "\(id)", model.places.remove(id) == nil ? "nothing" : "released")
        try await test.store.releasePlace(of: id, provider: "acme")
    }

    mutating func takePlace(of id: JobID) async throws {
        let isLimited = model.countsPlaces
        if isLimited { model.places.insert(id) }
        note("take place", "\(id)", isLimited ? "taken" : "not limited")
        try await test.store.takePlace(of: id, provider: "acme", tenant: "blue")
    }
}

extension DueFile {
    fileprivate var withoutTime: DueFile {
        DueFile(
            id: id, index: index, state: state.withoutTime, priority: priority, correlationID: correlationID, timer: 0,
            isJobOpen: isJobOpen)
    }
}
