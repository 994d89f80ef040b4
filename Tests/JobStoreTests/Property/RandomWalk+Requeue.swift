import ExportCore
import JobStore

/// Files that nobody has claimed, and decisions that are stored late.
extension RandomWalk {
    /// What somebody has decided, and stores later.
    enum Delayed {
        case claim(Int, JobID, FileState, FileDecision)
        case requeue(JobID, [Requeue])
    }

    /// A decision on a file, from what was read of it.
    struct Requeue {
        var index: Int
        var read: FileState
        var known: ModelFile
        var decision: FileDecision
    }

    /// Somebody looks after files whose timer fired.
    mutating func requeue(_ files: [DueFile], _ known: [ModelFile]) async throws {
        let machine = fileMachine()
        for (file, known) in zip(files, known) {
            guard let decision = machine.decide(.timerFired, in: file.state) else { continue }
            try await requeue(file.id, [Requeue(index: file.index, read: file.state, known: known, decision: decision)])
        }
    }

    /// The watchdog looks for files whose messages were lost.
    mutating func findLostMessages() async throws {
        let id = transferringJob(), machine = fileMachine()
        let (now, states) = try await test.store.fileStates(of: id, from: 0, many: 8)
        let known = Array((model.jobs[id]?.files ?? []).prefix(8))
        let expected = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($0, $1.state) })
        try agree(states.mapValues(\.withoutTime), expected, "states of the files of \(id)")
        let lost = states.sorted { $0.key < $1.key }.compactMap { index, state -> Requeue? in
            guard case .queued(_, let since, _) = state, known.indices.contains(index) else { return nil }
            let event = FileEvent.stillQueued(waited: .milliseconds(now - (since ?? now)))
            return machine.decide(event, in: state).map { Requeue(index: index, read: state, known: known[index], decision: $0) }
        }
        note("find lost messages", "\(id) \(machine.rules.watchdog)", lost.isEmpty ? "none" : "found")
        if !lost.isEmpty { try await requeue(id, lost) }
    }

    private mutating func requeue(_ id: JobID, _ changes: [Requeue]) async throws {
        // Some die in between, others take their time.
        if random.chance(15) { return }
        if random.chance(20) { return delayed.append(.requeue(id, changes)) }
        try await storeRequeue(id, changes)
    }

    private mutating func storeRequeue(_ id: JobID, _ changes: [Requeue]) async throws {
        let expected = model.requeueFiles(of: id, changes.map { ($0.index, $0.known, $0.decision) })
        let found = try await test.store.requeueFiles(of: id, changes.map { ($0.index, $0.read, $0.decision) })
        let outcome = found.count == changes.count ? "stored" : "stale"
        note("requeue files", "\(id) \(changes.map { "\($0.index) \($0.read)" })", outcome)
        try agree(found, expected, "files of \(id) that were queued")
    }

    /// Stores what was decided some steps ago.
    mutating func storeDelayed() async throws {
        guard !delayed.isEmpty else { return }
        switch delayed.remove(at: random.below(delayed.count)) {
        case .claim(let index, let id, let state, let decision): _ = try await claimFile(index, id, state, decision)
        case .requeue(let id, let changes): try await storeRequeue(id, changes)
        }
    }
}
