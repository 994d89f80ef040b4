import Lifecycle
import ProviderAPI

/// A provider that files come from, with what is known of its health.
struct SourceProvider: Sendable {
    let client: ProviderClient
    let gate: ProviderGate
}
