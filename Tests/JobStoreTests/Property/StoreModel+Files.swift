import ExportCore

@testable import JobStore

/// What a claim of a file should return.
enum ModelFileClaim: Equatable {
    case claimed(FileState, attempt: Int)
    case differs(FileState, isTimerDue: Bool)
    case closed
}

/// The store decides nothing about a file: it compares what the caller has read, and sets what the caller decided.
extension StoreModel {
    mutating func addFiles(_ number: Int, to claimed: ClaimedJob, decision: JobDecision, cursor: String?, atOnce: Int) -> AddFilesOutcome {
        guard var job = jobs[claimed.id], job.version == claimed.version, job.status == .ready,
            case .after(let delay) = decision.timer
        else { return .stale }
        let done = job.filesDone ?? 0, failed = job.filesFailed ?? 0
        guard cursor != nil || (done, failed) == (claimed.state.filesDone, claimed.state.filesFailed) else {
            return .countsDiffer(done: done, failed: failed)
        }
        let queued = ModelFile(state: .queued(token: job.attemptsBase, since: nil, copies: 0), publishedAt: step)
        for index in job.files.count..<job.files.count + number {
            job.files.append(index < atOnce ? queued : ModelFile(state: .listed(token: job.attemptsBase)))
        }
        job.filesTotal = job.files.count
        (job.version, job.failures, job.claims, job.cursor) = (job.version + 1, 0, 0, cursor)
        job.isDeferred = false
        job.status = decision.state.status
        if job.status == .processing { job.transitions.append("PROCESSING") }
        setTimer(job.id.text, delay)
        jobs[job.id] = job
        var added = claimed.advanced(to: job.version, decision.state)
        added.request = claimed.request.completed(priority: job.priority, traceparent: nil)
        return .added(added, token: job.attemptsBase)
    }

    /// The listed files of a job are queued in their order.
    mutating func queueFiles(of id: JobID, limit: Int) -> QueuedFiles {
        var queued = QueuedFiles(files: [], hasMore: false, correlationID: "", traceparent: nil)
        guard let job = jobs[id], job.isTransferring else { return queued }
        queued.correlationID = "c-\(id)"
        var next = job.filesPublished ?? 0
        while next < job.files.count, queued.files.count < limit {
            if let decision = FileMachine().decide(.published, in: job.files[next].state) {
                queued.files.append(QueuedFiles.File(index: next, token: decision.state.token))
                set(decision, next, of: id)
            }
            next += 1
        }
        if next > job.filesPublished ?? 0 { jobs[id]?.filesPublished = next }
        queued.hasMore = next < job.files.count
        return queued
    }

    mutating func claimFile(_ index: Int, of id: JobID, from expected: FileState, decision: FileDecision) -> ModelFileClaim {
        guard let file = file(index, of: id) else { return .closed }
        let isQueued = file.state.kind == .queued || file.state.kind == .listed
        let isTimerDue = !isQueued && timers[Self.member(id, index)]?.isDue != false
        guard file.state.resembles(expected), isQueued || isTimerDue else {
            return .differs(file.state, isTimerDue: isTimerDue)
        }
        set(decision, index, of: id)
        let attempt = decision.state.token - (jobs[id]?.attemptsBase ?? 0) - file.uncounted
        return .claimed(decision.state, attempt: attempt)
    }

    mutating func extendFile(_ index: Int, of id: JobID, claimed: FileState, lease: Duration) -> Bool {
        guard let file = file(index, of: id), file.state.resembles(claimed) else { return false }
        setTimer(Self.member(id, index), lease)
        return true
    }

    /// - Returns: whether the manifest is due; `nil` when the lease is lost.
    mutating func applyFile(_ decision: FileDecision, _ index: Int, of id: JobID, claimed: FileState, name: String, failure: Failure? = nil)
        -> Bool?
    {
        guard let job = jobs[id], job.files.indices.contains(index) else { return nil }
        if !job.files[index].state.resembles(decision.state) {
            guard job.isTransferring, job.files[index].state.resembles(claimed) else { return nil }
            set(decision, index, of: id)
            if !decision.usesAttempt { jobs[id]?.files[index].uncounted += 1 }
            jobs[id]?.files[index].isDeferred = decision.isDeferral
            jobs[id]?.add(answer: failure?.shown)
            count(decision.count, id, name)
        }
        guard decision.count == .stored, let job = jobs[id] else { return false }
        return job.hasAllFiles && job.state.filesFailed == 0
    }

    private mutating func count(_ count: FileCount, _ id: JobID, _ name: String) {
        guard var job = jobs[id] else { return }
        switch count {
        case .unchanged: break
        case .stored: job.filesDone = (job.filesDone ?? 0) + 1
        case .failed(let error):
            job.filesFailed = (job.filesFailed ?? 0) + 1
            job.fileError = job.fileError ?? "\(error.code) file \(name): \(error.message)"
        }
        jobs[id] = job
        // The job's watchdog decides what the loss of files means: when one is given up, and when the last has ended.
        let isLoss = if case .failed = count { true } else { false }
        if job.status == .processing, job.state.filesFailed > 0, isLoss || job.hasAllFiles { setTimer(id.text, .zero) }
    }

    /// What the claim of the manifest counts that comes with the last file: nothing for a worker that asks again after a lost answer.
    func manifestCount(ofApplying decision: FileDecision, _ index: Int, of id: JobID) -> ManifestCount {
        guard let job = jobs[id], job.files.indices.contains(index), job.files[index].state.resembles(decision.state),
            job.manifestClaims != nil
        else { return .one }
        return .nothing
    }

    /// - Returns: for each change whether it was stored, or why not.
    mutating func requeueFiles(_ changes: [ModelRequeue]) -> [ModelRequeue.Outcome] { changes.map { requeue($0) } }

    private mutating func requeue(_ requeue: ModelRequeue) -> ModelRequeue.Outcome {
        let change = requeue.change, member = Self.member(change.id, change.index)
        guard let job = jobs[change.id], job.files.indices.contains(change.index), job.files[change.index].isStill(requeue.known) else {
            return .stale
        }
        guard requeue.timer == nil || requeue.timer == timers[member] else { return .keptByHeartbeat }
        if job.isTransferring {
            set(change.decision, change.index, of: change.id)
            return .stored
        }
        // Of a file whose job has ended only the timer goes.
        guard change.decision.state == change.from else { return .stale }
        timers[member] = nil
        return .jobEnded
    }

    /// A file that may change: its job transfers files.
    func file(_ index: Int, of id: JobID) -> ModelFile? {
        guard let job = jobs[id], job.isTransferring, job.files.indices.contains(index) else { return nil }
        return job.files[index]
    }

    private mutating func set(_ decision: FileDecision, _ index: Int, of id: JobID) {
        guard let file = jobs[id]?.files[index] else { return }
        jobs[id]?.files[index] = file.set(decision.state, step: step)
        switch decision.timer {
        case .after(let delay): setTimer(Self.member(id, index), delay)
        case .remove: timers[Self.member(id, index)] = nil
        }
    }
}
