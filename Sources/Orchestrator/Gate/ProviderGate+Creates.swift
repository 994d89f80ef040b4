import ExportCore
import JobStore

extension ProviderGate {
    /// Jobs whose exports may be created now, taken from the waiting lists.
    struct Taken: Sendable {
        var jobs: [TakenJob] = []
        var permission = Permission.granted
        /// When to ask again; zero when more may wait, `nil` when nothing waits.
        var wait: Duration?
    }

    /// Takes up to `limit` jobs, as breaker, pauses and limits allow; a single one as a probe.
    /// - Parameter lease: after which jobs that somebody took and did not start are given out again.
    func take(limit: Int, lease: Duration) async throws(JobStoreError) -> Taken {
        let permission = await admit(.create)
        if case .wait(let time) = permission { return Taken(permission: permission, wait: time) }
        do throws(JobStoreError) {
            let taken = try await store.take(from: provider, limit: permission == .probe ? 1 : limit, limits: limits, lease: lease)
            if taken.jobs.isEmpty { await withdraw(permission) }
            return Taken(jobs: taken.jobs, permission: permission, wait: taken.wait)
        } catch {
            await withdraw(permission)
            throw error
        }
    }

    /// Tells which of the jobs that were taken are started; the others, which were only named by stale entries, give back their permits
    /// and places.
    func settle(_ taken: Taken, started: Set<JobID>) async {
        do {
            try await store.settle(taken.jobs, started: started, from: provider, limits: limits)
        } catch {
            repeated.warning(
                key: "taken", "what was taken is not settled, and is looked at again later: \(error)", metadata: ["provider": "\(provider)"]
            )
        }
    }

    private var limits: StartLimits { StartLimits(creates: definition.limits.creates, inFlight: definition.limits.inFlight) }

    /// The job's export does not run at the provider, or no longer: its place is free.
    func release(_ id: JobID) async {
        guard definition.limits.inFlight != nil else { return }
        do {
            try await store.releaseSlot(of: id, provider: provider)
        } catch {
            repeated.warning(
                key: "slots", "a place of an export was not freed, the next look will: \(error)", metadata: ["provider": "\(provider)"])
        }
    }

    /// Frees the places of exports that are not in flight any more, which nobody could free.
    func verifySlots(olderThan age: Duration) async {
        guard definition.limits.inFlight != nil else { return }
        do {
            let freed = try await store.verifySlots(of: provider, olderThan: age)
            if freed > 0 { watcher.logger.notice("freed \(freed) places of exports that had ended", metadata: ["provider": "\(provider)"]) }
        } catch {
            repeated.warning(key: "slots", "places of exports were not verified: \(error)", metadata: ["provider": "\(provider)"])
        }
    }
}
