import ExportCore
import JobStore

/// Files that nobody has claimed, and decisions that are stored late.
extension RandomWalk {
    /// What somebody has decided, and stores later.
    enum Delayed {
        case claim(Int, JobID, FileState, FileDecision)
        case requeue([ModelRequeue])
    }

    /// Somebody looks after files whose timer fired.
    mutating func requeue(_ files: [DueFile], _ known: [ModelFile]) async throws {
        let machine = fileMachine()
        let changes = zip(files, known).compactMap { file, known -> ModelRequeue? in
            guard let decision = machine.decide(file.isJobOpen ? .timerFired : .jobEnded, in: file.state) else { return nil }
            let change = FileRequeue(id: file.id, index: file.index, from: file.state, timer: file.timer, decision: decision)
            return ModelRequeue(change: change, known: known, timer: model.timers[StoreModel.member(file.id, file.index)])
        }
        try await requeue(changes)
    }

    /// The watchdog looks for files whose messages were lost.
    mutating func findLostMessages() async throws {
        let id = transferringJob(), machine = fileMachine()
        let (now, states) = try await test.store.fileStates(of: id, from: 0, many: 8)
        let known = Array((model.jobs[id]?.files ?? []).prefix(8))
        let expected = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($0, $1.state) })
        try agree(states.mapValues(\.withoutTime), expected, "states of the files of \(id)")
        let lost = states.sorted { $0.key < $1.key }.compactMap { index, state -> ModelRequeue? in
            guard known.indices.contains(index) else { return nil }
            let event: FileEvent
            switch state {
            case .queued(_, let since, _): event = .stillQueued(waited: .milliseconds(now - (since ?? now)))
            case .listed: event = .published
            default: return nil
            }
            return machine.decide(event, in: state).map {
                ModelRequeue(change: FileRequeue(id: id, index: index, from: state, decision: $0), known: known[index])
            }
        }
        note("find lost messages", "\(id) \(machine.rules.watchdog)", lost.isEmpty ? "none" : "found")
        try await requeue(lost)
    }

    private mutating func requeue(_ changes: [ModelRequeue]) async throws {
        guard !changes.isEmpty else { return }
        // Some die in between, others take their time.
        if random.chance(10) { return }
        if random.chance(50), let file = holder(of: changes) {
            returning = file
            return delayed.append(.requeue(changes))
        }
        if random.chance(20) { return delayed.append(.requeue(changes)) }
        try await storeRequeue(changes)
    }

    private mutating func storeRequeue(_ changes: [ModelRequeue]) async throws {
        let outcomes = model.requeueFiles(changes)
        let found = try await test.store.requeueFiles(changes.map(\.change))
        var expected: [String] = []
        for (change, outcome) in zip(changes.map(\.change), outcomes) {
            let file = StoreModel.member(change.id, change.index)
            note("requeue files", "\(file) from \(change.from) to \(change.decision.state)", outcome.rawValue)
            if outcome == .stored || outcome == .jobEnded { expected.append(file) }
        }
        try agree(found.map { StoreModel.member($0.id, $0.index) }, expected, "files that were queued, or lost their timers")
    }

    /// A worker that still has one of the files, whose timers were claimed.
    private func holder(of changes: [ModelRequeue]) -> ClaimedFile? {
        held.last { file in
            changes.contains { $0.timer != nil && ($0.change.id, $0.change.index, $0.change.from) == (file.job.id, file.index, file.state) }
        }
    }

    /// Stores what was decided some steps ago.
    mutating func storeDelayed() async throws {
        guard !delayed.isEmpty else { return }
        switch delayed.remove(at: random.chance(50) ? delayed.count - 1 : random.below(delayed.count)) {
        case .claim(let index, let id, let state, let decision): _ = try await claimFile(index, id, state, decision)
        case .requeue(let changes): try await storeRequeue(changes)
        }
    }
}
