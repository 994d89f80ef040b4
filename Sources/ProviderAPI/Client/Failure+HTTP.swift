import ExportCore
import HTTPClient

extension Failure {
    /// Classifies a request that got no response. All transport failures are classified here.
    public init(_ error: HTTPError) {
        let failureClass: FailureClass =
            switch error.kind {
            // Another process retries a request that ends because this process ends.
            case .cancelled, .shutDown: .transient
            // Bytes that are not HTTP come from an intermediary, and the problem is temporary.
            case .protocolViolation, .other: .transient
            default: error.isRetriable ? .transient : .permanent
            }
        self.init(failureClass, code: error.kind.label, message: error.description, mayHaveRun: error.mayHaveRun)
    }
}
