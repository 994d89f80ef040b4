import Synchronization

/// Whether the simulated API is down; set from outside while it runs.
final class Outage: Sendable {
    private let state = Atomic(false)

    var isOn: Bool {
        get { state.load(ordering: .relaxed) }
        set { state.store(newValue, ordering: .relaxed) }
    }
}
