import ExportCore
import JobStore

/// What the store should hold and answer, computed without it. Delays are zero or very long, so that time has two values: a timer
/// is due, or far off.
struct StoreModel: Equatable {
    var jobs: [JobID: ModelJob] = [:]
    /// The due set: a job's name, or `JOB#FILE`.
    var timers: [String: ModelTimer] = [:]
    var waiting = ModelWaitingLists()
    /// The exports in flight, where they are limited.
    var places: Set<JobID> = []
    /// Whether the last who took jobs had such a limit.
    var countsPlaces = false
    /// The number of the present step.
    var step = 0

    mutating func setTimer(_ member: String, _ delay: Duration) { timers[member] = ModelTimer(isDue: delay <= .zero, setAt: step) }

    static func member(_ id: JobID, _ file: Int) -> String { "\(id.text)#\(file)" }

    /// Runs `change` on a job that is there.
    mutating func change<Result>(_ id: JobID, _ change: (inout ModelJob) -> Result) -> Result? {
        guard var job = jobs[id] else { return nil }
        let result = change(&job)
        jobs[id] = job
        return result
    }

    mutating func admit(_ new: JobRequest, watchdog: Duration) -> AdmissionOutcome {
        guard let known = jobs[new.id] else {
            jobs[new.id] = ModelJob(id: new.id, priority: new.priority, tenant: new.tenant)
            setTimer(new.id.text, watchdog)
            return .admitted
        }
        return known.isQueued ? .waiting : .known
    }

    mutating func start(_ id: JobID, lease: Duration) -> Bool {
        guard var job = jobs[id], job.status == .pending, job.isQueued else { return false }
        job.isQueued = false
        job.version += 1
        job.claims += 1
        jobs[id] = job
        setTimer(id.text, lease)
        return true
    }

    /// - Returns: the new version, or `nil` for a stale caller.
    mutating func apply(_ change: JobChange) -> Int64? {
        let id = change.job.id, seen = change.job.state
        guard var job = jobs[id], job.version == change.job.version, !job.status.isFinal else { return nil }
        let next = change.decision.state
        let old = job.status
        (job.version, job.claims) = (job.version + 1, 0)
        job.status = next.status
        (job.attempts, job.failures, job.unusableAnswers) = (next.attempts, next.failures, next.unusableAnswers)
        if next.creation != seen.creation { job.creation = next.creation }
        if next.recreations != seen.recreations { job.recreations = next.recreations }
        if next.createIsUncertain != seen.createIsUncertain { job.createIsUncertain = next.createIsUncertain }
        if next.resumeAt != seen.resumeAt { job.resumeAt = next.resumeAt }
        if let error = change.decision.error { job.error = error }
        if let handle = change.exportHandle { job.export = handle }
        if change.mayBeCreatedTwice { job.mayBeCreatedTwice = true }
        job.add(answer: change.answer)
        job.isDeferred = next.deferredFor != nil
        if change.isCheck { job.times.insert("lastPollAt") }
        if next.status == .polling { job.times.insert("nextPollAt") }
        job.isPlanned = next.status == .polling
        if old == .pending {
            job.isQueued = false
            if next.status == .polling { job.times.insert("since") }
        } else if next.status == .pending {
            job.export = nil
            job.times.remove("since")
        }
        if next.status != old { job.transitions.append(next.status.rawValue) }
        if case .after(let delay) = change.decision.timer {
            // The job was cancelled while its export was being created: it waits no longer.
            setTimer(id.text, old == .pending && job.isCancelRequested ? .zero : delay)
        } else {
            end(&job)
        }
        jobs[id] = job
        return job.version
    }

    private mutating func end(_ job: inout ModelJob) {
        timers[job.id.text] = nil
        (job.isQueued, job.isCancelRequested) = (false, false)
        job.times.remove("nextPollAt")
        job.times.insert("expiresAt")
        guard job.status == .completed else { return }
        (job.files, job.cursor) = ([], nil)
    }

    mutating func cancel(_ id: JobID) -> CancelRequestOutcome {
        guard var job = jobs[id] else { return .unknown }
        if job.status.isFinal { return .over(job.status) }
        job.isCancelRequested = true
        let isBeingCreated = job.status == .pending && job.claims > 0 && !job.isQueued
        if !isBeingCreated {
            job.version += 1
            job.isQueued = false
            if job.status == .polling, job.claims == 0, !job.isPlanned { job.claims = 1 }
            setTimer(id.text, .zero)
        }
        jobs[id] = job
        waiting.remove(id, job.priority, job.tenant)
        return .asked
    }

    /// - Returns: the new version, or `nil` for a stale caller.
    mutating func retry(_ id: JobID, version: Int64, _ decision: JobDecision) -> Int64? {
        guard var job = jobs[id], job.version == version, job.status == .failed else { return nil }
        let highest = job.files.map(\.state.token).max() ?? 0
        // Nobody who had a file before has one now, whatever becomes of the file.
        job.filesPublished = nil
        if !job.files.isEmpty { job.attemptsBase = max(job.attemptsBase, highest + 1) }
        for index in job.files.indices {
            timers[Self.member(id, index)] = nil
            guard let next = FileMachine().decide(.jobRetried(base: job.attemptsBase), in: job.files[index].state) else { continue }
            job.files[index] = ModelFile(state: next.state.withoutTime, publishedAt: step)
        }
        job.status = decision.state.status
        job.version += 1
        (job.attempts, job.failures, job.unusableAnswers, job.claims, job.recreations) = (0, 0, 0, 0, 0)
        (job.creation, job.createIsUncertain, job.resumeAt) = (decision.state.creation, decision.state.createIsUncertain, nil)
        (job.error, job.fileError, job.filesFailed) = (nil, nil, nil)
        job.times.subtract(["expiresAt", "since", "deferredSince"])
        if job.status == .pending {
            (job.export, job.cursor, job.filesTotal, job.filesDone, job.files) = (nil, nil, nil, nil, [])
        } else {
            job.times.insert("since")
        }
        job.manifestClaims = nil
        job.isPlanned = job.status == .polling
        if job.isPlanned { job.times.insert("nextPollAt") }
        job.transitions.append(job.status.rawValue)
        setTimer(id.text, .zero)
        jobs[id] = job
        return job.version
    }
}
