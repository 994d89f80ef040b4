import ExportCore

/// What decides in a simulation when to check.
public enum CheckRule: Sendable {
    /// As the orchestrator decides.
    case policy(PollPolicy)
    /// At these seconds since the creation, by kind; later ones a tenth apart. Nobody can know them in advance.
    case schedule([[Double]])

    func delay(waited: Double, kind: Int, hints: @autoclosure () -> PollHints, random: Double) -> Double {
        switch self {
        case .policy(let policy):
            return policy.nextDelay(waited: .seconds(waited), hints: hints(), random: random).time / .seconds(1)
        case .schedule(let instants):
            let own = instants[min(kind, instants.count - 1)]
            // The first instant behind `waited`.
            var low = 0, high = own.count
            while low < high {
                let middle = (low + high) / 2
                if own[middle] <= waited + 1e-6 { low = middle + 1 } else { high = middle }
            }
            return low < own.count ? own[low] - waited : waited * 0.1 + 1
        }
    }

    /// Whether it matters how long earlier exports took.
    var learns: Bool {
        switch self {
        case .policy(.learned), .policy(.tiered): true
        case .policy(.fixed), .policy(.backoff), .schedule: false
        }
    }

    var aim: PollAim {
        if case .policy(let policy) = self { policy.aim } else { .usual }
    }
}
