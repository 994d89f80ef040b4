/// The answers to all checks at one time.
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
        var json = JSONText()
        json.raw(#"{"status":"#)
        json.string(isHealthy ? "ok" : "failing")
        json.raw(#","checks":["#)
        for (index, entry) in entries.enumerated() {
            if index > 0 { json.raw(",") }
            json.raw(#"{"name":"#)
            json.string(entry.name)
            json.raw(#","ok":"#)
            json.raw(entry.status.isHealthy ? "true" : "false")
            json.raw(#","detail":"#)
            json.string(entry.status.detail)
            json.raw(#","milliseconds":"#)
            json.number(Int64(entry.elapsed / .milliseconds(1)))
            json.raw("}")
        }
        json.raw("]}\n")
        return json.bytes
    }
}

/// Checks that are asked together, each with a deadline.
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
