import Encoding

/// The results of all checks at one time.
struct HealthReport: Sendable {
    struct Entry: Sendable {
        let name: String
        let status: HealthStatus
        let elapsed: Duration
    }

    let entries: [Entry]

    var isHealthy: Bool { entries.allSatisfy(\.status.isHealthy) }

    /// `{"status":"ok","checks":[{"name":"scheduler","ok":true,"detail":"last turned 0.2 s ago","milliseconds":0}]}`
    var json: [UInt8] {
        var writer = JSONWriter(escapes: .logs)
        writer.object { json in
            json.field("status", isHealthy ? "ok" : "failing")
            json.array("checks") { list in
                for entry in entries {
                    list.object { check in
                        check.field("name", entry.name)
                        check.field("ok", entry.status.isHealthy)
                        check.field("detail", entry.status.detail)
                        check.field("milliseconds", Int64(entry.elapsed / .milliseconds(1)))
                    }
                }
            }
        }
        writer.endLine()
        return writer.bytes
    }
}

/// Checks that run together, each with a deadline.
struct HealthPanel: Sendable {
    private let calls: [(name: String, call: BoundedCall<HealthStatus>)]

    init(_ checks: [HealthCheck], deadline: Duration) {
        calls = checks.map { check in (check.name, BoundedCall(deadline: deadline) { await check.ask() }) }
    }

    func report() async -> HealthReport {
        await withTaskGroup(of: (Int, HealthReport.Entry).self) { group in
            for (index, (name, call)) in calls.enumerated() {
                group.addTask { (index, await Self.ask(name, call)) }
            }
            let entries = await group.reduce(into: []) { $0.append($1) }
            return HealthReport(entries: entries.sorted { $0.0 < $1.0 }.map(\.1))
        }
    }

    private static func ask(_ name: String, _ call: BoundedCall<HealthStatus>) async -> HealthReport.Entry {
        let start = ContinuousClock.now
        let status: HealthStatus
        do { status = try await call() } catch { status = .unhealthy(String(describing: error)) }
        return HealthReport.Entry(name: name, status: status, elapsed: ContinuousClock.now - start)
    }
}
