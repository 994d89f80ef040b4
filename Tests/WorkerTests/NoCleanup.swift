import Lifecycle
import ProviderAPI

@testable import Worker

extension ExportCleanup {
    /// Of a worker without providers.
    static let none = ExportCleanup(
        providers: ProviderVersions([ProviderClient](), library: nil) { _, _ in preconditionFailure("there are no providers") })
}
