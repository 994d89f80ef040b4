import ExportCore
import JobStore

extension ProviderGate {
    /// Asks together with the others of this turn.
    func permit(_ then: @escaping @Sendable (Permission) -> Void) {
        askers.append(then)
        if askers.count == 1 { thread.atTurnEnd { [weak self] in self?.assumeIsolated { $0.askForPermits() } } }
    }

    private func askForPermits() {
        let waiting = askers
        askers = []
        guard !waiting.isEmpty, let rate = definition.limits.checks else { return }
        Task(executorPreference: thread) {
            do {
                let permits = try await self.store.checkPermits(waiting.count, provider: self.provider, rate: rate)
                for (position, then) in waiting.enumerated() {
                    let denied = position - permits.granted
                    then(denied < 0 ? .granted : .wait(permits.first + permits.interval * denied))
                }
            } catch {
                self.repeated.warning(key: "permits", "no permits for checks: \(error)", metadata: ["provider": "\(self.provider)"])
                for then in waiting { then(.wait(.seconds(1) + .seconds(Double.random(in: 0..<1)))) }
            }
        }
    }
}
