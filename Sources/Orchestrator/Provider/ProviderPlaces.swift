import ExportCore
import JobStore
import Lifecycle
import ProviderAPI
import Telemetry

/// A provider's waiting lists, and the places of its exports in flight (`limits.inFlight`, also of each tenant).
struct ProviderPlaces: Sendable {
    let definition: ProviderDefinition
    let gate: ProviderGate
    let store: JobStore
    let repeated: RateLimitedLog

    /// Jobs whose exports may be created now.
    struct Taken: Sendable {
        var jobs: [WaitingJob] = []
        var permission = ProviderGate.Permission.granted
        /// When to ask again: zero if more jobs may wait, `nil` if none waits.
        var wait: Duration?
    }

    /// Takes up to `limit` jobs from the waiting lists, as breaker, pauses and limits allow; only one as a probe.
    /// - Parameter lease: the time after which jobs that were taken but not started can be taken again.
    func take(limit: Int, lease: Duration) async throws(JobStoreError) -> Taken {
        let permission = await gate.admit(.create)
        if case .wait(let time) = permission { return Taken(permission: permission, wait: time) }
        let share = permission == .granted ? await gate.budget.reserve(.create, atMost: limit) : BudgetShare(requests: 1)
        if share.requests == 0 { return Taken(permission: permission, wait: share.wait) }
        do throws(JobStoreError) {
            let taken = try await store.take(from: definition.name, limit: share.requests, limits: limits, lease: lease)
            if taken.jobs.isEmpty { await gate.withdraw(permission, .create) }
            if permission == .granted { await gate.budget.giveBack(.create, share.requests - taken.jobs.count) }
            return Taken(jobs: taken.jobs, permission: permission, wait: taken.wait)
        } catch {
            await gate.withdraw(permission, .create)
            if permission == .granted { await gate.budget.giveBack(.create, share.requests) }
            throw error
        }
    }

    /// Reports which of the taken jobs are started. The others came from stale entries and return their permits and places.
    func settle(_ taken: Taken, started: Set<JobID>) async {
        if taken.permission == .granted { await gate.budget.giveBack(.create, taken.jobs.count - started.count) }
        do {
            try await store.settle(taken.jobs, started: started, from: definition.name, limits: limits)
        } catch {
            warn("taken", "jobs that were taken are not settled, and are looked at again later: \(error)")
        }
    }

    /// Frees the place of a job whose export does not run at the provider (any more).
    func release(_ id: JobID) async {
        guard limits.countsPlaces else { return }
        do {
            try await store.releasePlace(of: id, provider: definition.name)
        } catch {
            warn("places", "the place of an export was not freed; the next verification frees it: \(error)")
        }
    }

    /// Frees the places of exports that are no longer in flight and whose places were not freed.
    func verify(olderThan age: Duration) async {
        guard limits.countsPlaces else { return }
        do {
            let freed = try await store.verifyPlaces(of: definition.name, olderThan: age)
            if freed > 0 { warn("freed", "freed \(freed) places of exports that had ended") }
        } catch {
            warn("places", "the places of exports were not verified: \(error)")
        }
    }

    private var limits: StartLimits {
        let limits = definition.limits
        return StartLimits(
            creates: limits.creates, inFlight: limits.inFlight, tenantCreates: limits.tenantCreates, tenantInFlight: limits.tenantInFlight)
    }

    private func warn(_ key: String, _ message: String) {
        repeated.warning(key: key, "\(message)", metadata: ["provider": "\(definition.name)"])
    }
}
