import Telemetry

extension OrchestratorService {
    /// The checks of `/healthz`: whether the loops make progress. `readiness` covers servers that are down.
    public func checks() -> [HealthCheck] {
        [
            .progress(of: "scheduler", scheduler.progress, within: .seconds(30)),
            .progress(of: "starter", starter.progress, within: .seconds(60)),
            .progress(of: "download-turns", dispatcher.progress, within: .seconds(60)),
            .progress(of: "job-intake", jobIntake.progress, within: .seconds(60)),
            .progress(of: "wake-intake", wakeIntake.progress, within: .seconds(60)),
            .progress(of: "leases", leases.progress, within: configuration.lease / 3 + .seconds(60)),
        ]
    }

    /// The checks of `/readyz`: the servers, whether Redis takes writes and still has the store, and whether timers are served in time.
    public func readiness() -> [HealthCheck] {
        [
            HealthCheck("rabbitmq") { [jobs, wakes, publisher] in
                guard await publisher.isConnected else { return .unhealthy("the publisher is not connected") }
                guard await jobs.isConnected, await wakes.isConnected else { return .unhealthy("a consumer is not connected") }
                return await publisher.isBlocked ? .unhealthy("the broker has an alarm and takes nothing") : .healthy("connected")
            },
            HealthCheck("store") { [store] in
                await store.trouble().map { .unhealthy($0) } ?? .healthy("nothing was refused")
            },
            HealthCheck("timers") { [store] in
                do {
                    let overdue = try await store.oldestOverdue()
                    let seconds = overdue.components.seconds
                    return overdue < .seconds(30)
                        ? .healthy("oldest overdue by \(seconds) s") : .unhealthy("oldest overdue by \(seconds) s")
                } catch {
                    return .unhealthy("\(error)")
                }
            },
        ]
    }
}
