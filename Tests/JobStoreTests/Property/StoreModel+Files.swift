import ExportCore
import JobStore

/// What a claim of a file should return.
enum ModelFileClaim: Equatable {
    case claimed(token: Int, attempt: Int)
    case exhausted(token: Int, attempt: Int)
    case nothing(String)
}

extension StoreModel {
    /// - Returns: the new version, or `nil` for a stale caller.
    mutating func addFiles(_ number: Int, to id: JobID, version: Int64, decision: Decision, cursor: String?) -> Int64? {
        guard var job = jobs[id], job.version == version, job.status == .ready, case .after(let delay) = decision.timer else { return nil }
        job.files += (0..<number).map { _ in ModelFile(kind: .queued, token: job.attemptsBase) }
        job.filesTotal = job.files.count
        (job.version, job.failures, job.claims, job.cursor) = (job.version + 1, 0, 0, cursor)
        job.status = decision.state.status
        if job.status == .processing { job.transitions.append("PROCESSING") }
        // Somebody has to hear of a file that failed while the list went on.
        setTimer(id.text, job.filesFailed != nil && job.status == .processing ? .zero : delay)
        jobs[id] = job
        return job.version
    }

    mutating func claimFile(_ index: Int, of id: JobID, lease: Duration, maxAttempts: Int) -> ModelFileClaim {
        guard let job = jobs[id], job.isTransferring, job.files.indices.contains(index) else { return .nothing("gone") }
        let file = job.files[index], member = Self.member(id, index)
        if file.kind == .done || file.kind == .failed { return .nothing(file.kind.rawValue) }
        if let timer = timers[member], !timer.isDue { return .nothing(file.kind == .leased ? "leased" : "early") }
        let attempts = file.token - job.attemptsBase - file.uncounted
        guard attempts < maxAttempts else { return .exhausted(token: file.token, attempt: attempts) }
        jobs[id]?.files[index] = ModelFile(kind: .leased, token: file.token + 1, uncounted: file.uncounted)
        setTimer(member, lease)
        return .claimed(token: file.token + 1, attempt: attempts + 1)
    }

    mutating func extendFile(_ index: Int, of id: JobID, token: Int, lease: Duration) -> Bool {
        guard let file = file(index, of: id), file.kind == .leased, file.token == token else { return false }
        setTimer(Self.member(id, index), lease)
        return true
    }

    /// - Returns: whether the manifest is due; `nil` when the lease is lost.
    mutating func finishFile(_ index: Int, of id: JobID, token: Int) -> Bool? {
        guard var job = jobs[id], job.files.indices.contains(index), job.files[index].token == token else { return nil }
        if job.files[index].kind != .done {
            guard job.isTransferring, job.files[index].kind == .leased else { return nil }
            job.files[index] = ModelFile(kind: .done, token: token)
            job.filesDone = (job.filesDone ?? 0) + 1
            timers[Self.member(id, index)] = nil
            jobs[id] = job
        }
        return (job.filesDone ?? 0) + (job.filesFailed ?? 0) >= (job.filesTotal ?? 0) && job.status == .processing
    }

    /// What the claim of the manifest counts that comes with the last file: nothing for one who asks again after a lost answer.
    func manifestCount(ofFinishing index: Int, of id: JobID) -> ManifestCount {
        guard let job = jobs[id], job.files.indices.contains(index), job.files[index].kind == .done, job.manifestClaims != nil else {
            return .one
        }
        return .nothing
    }

    mutating func failFile(_ index: Int, of id: JobID, token: Int, error: JobError, retryAfter delay: Duration?, counts: Bool) -> Bool {
        guard var job = jobs[id], job.files.indices.contains(index), job.files[index].token == token else { return false }
        let kind = job.files[index].kind
        // Again, as after a lost answer.
        if kind == (delay == nil ? .failed : .backoff) { return true }
        // Who had it last may give up for good what nobody has now.
        guard job.isTransferring, kind == .leased || delay == nil && kind == .queued else { return false }
        if let delay {
            job.files[index] = ModelFile(kind: .backoff, token: token, uncounted: job.files[index].uncounted + (counts ? 0 : 1))
            setTimer(Self.member(id, index), delay)
        } else {
            job.files[index] = ModelFile(kind: .failed, token: token)
            job.filesFailed = (job.filesFailed ?? 0) + 1
            job.fileError = job.fileError ?? "\(error.code) \(error.message)"
            timers[Self.member(id, index)] = nil
            if job.status == .processing { setTimer(id.text, .zero) }
        }
        jobs[id] = job
        return true
    }

    mutating func findOrphans(of id: JobID, from first: Int, many: Int, watchdog: Duration) -> [Int] {
        guard var job = jobs[id], job.isTransferring else { return [] }
        let orphans = (first..<first + many).filter { index in
            job.files.indices.contains(index) && job.files[index].kind == .queued && (watchdog == .zero || job.files[index].isOverdue)
        }
        for index in orphans {
            job.files[index].copies += 1
            job.files[index].isOverdue = false
        }
        jobs[id] = job
        return orphans
    }

    private func file(_ index: Int, of id: JobID) -> ModelFile? {
        guard let job = jobs[id], job.isTransferring, job.files.indices.contains(index) else { return nil }
        return job.files[index]
    }
}
