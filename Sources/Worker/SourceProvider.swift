import Lifecycle
import ProviderAPI

/// A provider that files come from, with what is known of its health.
struct SourceProvider: Sendable {
    let client: ProviderClient
    let gate: ProviderGate

    /// For people who look for what is wrong.
    func note(_ outcome: TransferOutcome) async {
        switch outcome {
        case .stored: await gate.noteFile(nil)
        case .failed(let failure): await gate.noteFile(failure)
        case .leaseLost, .aborted: break
        }
    }
}
