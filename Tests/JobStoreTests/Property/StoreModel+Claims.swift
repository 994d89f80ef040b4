import ExportCore
@testable import JobStore

/// What a claim should return.
struct ModelClaim {
    /// The jobs as their wakes tell of them.
    var wakes: [ModelJob] = []
    /// The files, with timers of 0: the model has no clock.
    var files: [DueFile] = []
    /// The same files, as the model has them.
    var known: [ModelFile] = []
    var waiting: [JobID] = []
}

extension StoreModel {
    /// - Parameter due: the timers that are due, in the order in which they were.
    mutating func claim(_ due: some Sequence<String>, lease: Duration, watchdog: Duration) -> ModelClaim {
        var claim = ModelClaim()
        for member in due {
            let parts = member.split(separator: "#")
            guard let id = JobID(String(parts[0])), let job = jobs[id] else { continue }
            if parts.count == 2, let file = Int(parts[1]) {
                guard job.files.indices.contains(file) else {
                    timers[member] = nil
                    continue
                }
                setTimer(member, lease)
                claim.known.append(job.files[file])
                claim.files.append(
                    DueFile(
                        id: id, index: file, state: job.files[file].state, priority: job.priority, correlationID: "c-\(id.text)", timer: 0,
                        isJobOpen: job.isTransferring))
            } else if job.status == .pending, !job.isCancelRequested {
                jobs[id]?.isQueued = true
                setTimer(member, watchdog)
                claim.waiting.append(id)
            } else {
                claim.wakes.append(fire(job, lease))
            }
        }
        return claim
    }

    private mutating func fire(_ known: ModelJob, _ lease: Duration) -> ModelJob {
        var job = known
        if job.status == .polling, job.claims == 0, job.isPlanned {
            job.isPlanned = false
        } else {
            job.version += 1
            job.claims += job.status == .polling && job.claims == 0 ? 2 : 1
        }
        jobs[job.id] = job
        setTimer(job.id.text, lease)
        job.claims = max(job.claims, 1)
        return job
    }

    mutating func postpone(_ id: JobID, version: Int64, by delay: Duration) {
        guard let job = jobs[id], job.version == version, !job.status.isFinal else { return }
        jobs[id]?.version += 1
        if job.claims > 0 {
            jobs[id]?.claims = job.claims - 1
        } else {
            jobs[id]?.isPlanned = job.status == .polling
        }
        setTimer(id.text, delay)
    }

    mutating func extend(_ id: JobID, version: Int64, lease: Duration) {
        guard let job = jobs[id], job.version == version, !job.status.isFinal else { return }
        jobs[id]?.isPlanned = false
        setTimer(id.text, lease)
    }

    mutating func claimManifest(_ id: JobID, lease: Duration, counting: ManifestCount) -> ModelJob? {
        guard var job = jobs[id], job.status == .processing, job.state.isTransferred else { return nil }
        job.version += 1
        if counting != .nothing { job.manifestClaims = (job.manifestClaims ?? 0) + Int(counting.rawValue) }
        jobs[id] = job
        setTimer(id.text, lease)
        return job
    }

    /// Frees the places of exports that neither run nor are being created.
    mutating func verifyPlaces() -> Int {
        let freed = places.filter { id in
            guard let job = jobs[id] else { return true }
            return job.status != .polling && (job.status != .pending || job.claims == 0 || job.isQueued)
        }
        places.subtract(freed)
        return freed.count
    }
}
