import ExportCore
import JobStore
import Lifecycle
import Synchronization
import TestServers
import Testing

@testable import Orchestrator

extension OrchestratorSuites {
    @Suite("Leases of jobs in progress") struct LeaseTests {
        @Test("are extended while the thread of the requests turns, and run out once it hangs") func hungRequests() async throws {
            try await OrchestratorFixture.run { fixture in
                let lease = Duration.milliseconds(900)
                let id = try await fixture.polling(["a"])[0]
                let wake = try await eventually(within: .seconds(10), "the check is due") { try await fixture.claim(id, lease: lease) }
                let claimedUntil = try await fixture.due(id)

                // Requests that never turn again, until the stream ends.
                let (hanging, end) = AsyncStream.makeStream(of: Never.self)
                let isHung = Mutex(false)
                let keeper = LeaseKeeper(store: fixture.store, lease: lease, metrics: LifecycleMetrics(), logger: quiet, on: fixture.thread)
                {
                    if isHung.withLock({ $0 }) { for await _ in hanging {} }
                }
                await keeper.hold(id, claim: wake.version)
                let heartbeat = Task(executorPreference: fixture.thread) { await keeper.run() }
                defer {
                    heartbeat.cancel()
                    end.finish()
                }

                try await eventually(within: .seconds(10), "the lease is extended") { try await fixture.due(id) != claimedUntil }
                isHung.withLock { $0 = true }
                let again = try await eventually(within: .seconds(10), "the lease runs out") {
                    try await fixture.claim(id, lease: .seconds(60))
                }
                #expect(again.state.claims == 2)
            }
        }
    }
}

extension OrchestratorFixture {
    fileprivate func claim(_ id: JobID, lease: Duration) async throws -> ClaimedJob? {
        let claimed = try await store.claim(
            partition: id.partition(of: Self.partitions), lease: lease, watchdog: .seconds(60))
        return claimed.messages.flatMap { Wake.decode($0).jobs }.first { $0.id == id }
    }

    /// When the job's timer fires, as Redis has it.
    fileprivate func due(_ id: JobID) async throws -> String? {
        try await redis.send(["ZSCORE", .string("{lh:0\(id.partition(of: Self.partitions))}:due"), .string(id.text)]).text
    }
}
