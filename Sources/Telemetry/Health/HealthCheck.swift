/// Whether a component makes progress or can be used, with a readable explanation.
public struct HealthStatus: Sendable, Equatable {
    public var isHealthy: Bool
    /// Must not contain secrets: everyone who can reach the port can read it.
    public var detail: String

    public static func healthy(_ detail: String) -> HealthStatus { HealthStatus(isHealthy: true, detail: detail) }
    public static func unhealthy(_ detail: String) -> HealthStatus { HealthStatus(isHealthy: false, detail: detail) }
}

/// A named check that ``HealthServer`` runs. It should test progress (a loop that turned, a timer that was served), not that a
/// process exists.
public struct HealthCheck: Sendable {
    public let name: String
    let ask: @Sendable () async -> HealthStatus

    /// - Parameter ask: may take as long as the server's deadline; a later result counts as unhealthy. Checks run concurrently.
    ///   While a check hangs, it is not started again.
    public init(_ name: String, _ ask: @escaping @Sendable () async -> HealthStatus) {
        self.name = name
        self.ask = ask
    }

    /// Unhealthy if the loop has not beaten for longer than `limit`.
    public static func progress(of name: String, _ monitor: ProgressMonitor, within limit: Duration) -> HealthCheck {
        HealthCheck(name) {
            if monitor.isResting { return .healthy("waiting for work") }
            let age = monitor.age
            let detail = "last turned \(age.inSeconds) ago"
            return age <= limit ? .healthy(detail) : .unhealthy("\(detail), more than \(limit.inSeconds)")
        }
    }
}

extension Duration {
    /// `0.2 s`, `75 s`: readable seconds.
    var inSeconds: String {
        let seconds = self / .seconds(1)
        let tenths = (seconds * 10).rounded() / 10
        return seconds < 10 ? "\(tenths) s" : "\(Int(seconds.rounded())) s"
    }
}
