import ExportCore
import JobStore

/// Why the jobs of providers wait, for commands that follow jobs. The providers are looked up every few seconds.
struct WaitingProviders {
    private var next = ContinuousClock.now
    private var told: [String: ProviderCondition.State] = [:]

    private static let interval = Duration.seconds(2)

    /// Tells on standard error when the requests to a provider are kept back, and when they pass again.
    mutating func tell(about providers: Set<String>, _ store: JobStore) async throws(JobStoreError) {
        guard .now >= next, !providers.isEmpty else { return }
        next = .now + Self.interval
        for name in providers.sorted() {
            let condition = ProviderCondition(try await store.health(of: name))
            let before = told[name] ?? .works
            guard condition.state != before else { continue }
            told[name] = condition.state
            if Terminal.isErrorTerminal { Terminal.write("\r\u{1B}[2K") }
            Terminal.error(condition.reason.map { "jobs of \(name) wait: \($0)" } ?? "jobs of \(name) continue")
        }
    }

    /// The reasons by provider; providers that may be asked are missing.
    static func reasons(_ store: JobStore) async throws(JobStoreError) -> [(name: String, reason: String)] {
        var reasons: [(name: String, reason: String)] = []
        for name in try await store.knownProviders().names {
            if let reason = ProviderCondition(try await store.health(of: name)).reason { reasons.append((name, reason)) }
        }
        return reasons
    }
}
