import ExportCore
import JobStore
import ProviderAPI
import Telemetry

/// How many requests a budget allows now.
public struct BudgetShare: Sendable, Equatable {
    public var requests: Int
    /// Until there is more; zero if there may be.
    public var wait = Duration.zero

    public init(requests: Int, wait: Duration = .zero) { (self.requests, self.wait) = (requests, wait) }
}

/// A provider's share of the rate that all its requests have together, or those of several providers (`limits.requests`).
public struct BudgetGate: Sendable {
    let definition: ProviderDefinition
    let store: JobStore
    let repeated: RateLimitedLog

    /// The budget and what a request costs of it; `nil` if it costs nothing.
    private func cost(_ kind: RequestKind) -> (budget: RequestBudget, weight: Int)? {
        guard let budget = definition.limits.budget, budget.weights[kind] > 0 else { return nil }
        return (budget, budget.weights[kind])
    }

    /// Draws what up to `limit` requests cost, for requests that wait elsewhere if they get nothing.
    public func reserve(_ kind: RequestKind, atMost limit: Int) async -> BudgetShare {
        guard limit > 0, let (budget, weight) = cost(kind) else { return BudgetShare(requests: limit) }
        do {
            let permits = try await store.draw(limit, weight: weight, from: budget, of: definition.name, queues: false)
            return BudgetShare(requests: permits.granted, wait: permits.first)
        } catch {
            warn("nothing of the budget can be drawn: \(error)")
            return BudgetShare(requests: 0, wait: .seconds(1))
        }
    }

    /// Gives back what was reserved and not used.
    public func giveBack(_ kind: RequestKind, _ requests: Int) async {
        guard requests > 0, let (budget, weight) = cost(kind) else { return }
        do {
            try await store.giveBack(requests * weight, to: budget, of: definition.name)
        } catch {
            warn("\(requests) requests were not given back to the budget, which allows fewer for a moment: \(error)")
        }
    }

    /// Replaces the permissions of requests that the budget does not allow now.
    func limit(_ kind: RequestKind, _ permissions: [ProviderGate.Permission]) async -> [ProviderGate.Permission] {
        // The single requests after a pause or an outage are always sent.
        let wanted = permissions.indices.filter { permissions[$0] == .granted }
        guard !wanted.isEmpty, let (budget, weight) = cost(kind) else { return permissions }
        var limited = permissions
        do {
            let permits = try await store.draw(wanted.count, weight: weight, from: budget, of: definition.name, queues: true)
            for (denied, index) in wanted.dropFirst(permits.granted).enumerated() {
                limited[index] = .wait(permits.first + permits.interval * denied)
            }
        } catch {
            warn("nothing of the budget can be drawn: \(error)")
            for index in wanted { limited[index] = .wait(.seconds(1) + .seconds(Double.random(in: 0..<1))) }
        }
        return limited
    }

    private func warn(_ message: String) {
        repeated.warning(key: "budget", "\(message)", metadata: ["provider": "\(definition.name)"])
    }
}
