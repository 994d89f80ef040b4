import ExportCore
import JobStore

extension ProviderGate {
    /// Jobs whose exports may be created now, taken from the waiting lists.
    struct Taken: Sendable {
        var ids: [JobID] = []
        var permission = Permission.granted
        /// When to ask again; zero when more may wait, `nil` when nothing waits.
        var wait: Duration?
    }

    /// Takes up to `limit` jobs, as breaker, pauses and limits allow; a single one as a probe.
    func take(limit: Int) async throws(JobStoreError) -> Taken {
        let permission = await admit(.create)
        if case .wait(let time) = permission { return Taken(permission: permission, wait: time) }
        let limits = StartLimits(creates: definition.limits.creates, inFlight: definition.limits.inFlight)
        do throws(JobStoreError) {
            let taken = try await store.take(from: provider, limit: permission == .probe ? 1 : limit, limits: limits)
            if taken.ids.isEmpty { await withdraw(permission) }
            return Taken(ids: taken.ids, permission: permission, wait: taken.wait)
        } catch {
            await withdraw(permission)
            throw error
        }
    }

    /// The job's export does not run at the provider, or no longer: its place is free.
    func release(_ id: JobID) async {
        guard definition.limits.inFlight != nil else { return }
        do {
            try await store.releaseSlot(of: id, provider: provider)
        } catch {
            repeated.warning(key: "slots", "a place of an export was not freed, the next look will: \(error)", metadata: ["provider": "\(provider)"])
        }
    }

    /// Frees the places of exports that are not in flight any more, which nobody could free.
    func verifySlots() async {
        guard definition.limits.inFlight != nil else { return }
        do {
            let freed = try await store.verifySlots(of: provider, olderThan: .seconds(60))
            if freed > 0 { watcher.logger.notice("freed \(freed) places of exports that had ended", metadata: ["provider": "\(provider)"]) }
        } catch {
            repeated.warning(key: "slots", "places of exports were not verified: \(error)", metadata: ["provider": "\(provider)"])
        }
    }
}
