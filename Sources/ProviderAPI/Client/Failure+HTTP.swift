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
        let fix =
            switch error.kind {
            case .tooLarge where error.cause.hasPrefix("the body"): "; if that is right, raise limits.answer in the provider file"
            case .refusedAddress: "; if that is right, add it to LONGHAUL_EGRESS, such as LONGHAUL_EGRESS=10.0.0.0/8"
            default: ""
            }
        self.init(failureClass, code: error.kind.label, message: error.description + fix, mayHaveRun: error.mayHaveRun)
        // Like a 401, it is tried again while the provider is not held yet.
        if concernsProvider { self.failureClass = .transient }
    }
}
