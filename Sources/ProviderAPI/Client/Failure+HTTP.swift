import ExportCore
import HTTPClient

extension Failure {
    /// A response that did not come about: the one classification of transport failures.
    public init(_ error: HTTPError) {
        let failureClass: FailureClass =
            switch error.kind {
            // What ends because this process ends is tried again by another.
            case .cancelled, .shutDown: .transient
            // Bytes that are not HTTP come from what stands in between, and pass.
            case .protocolViolation, .other: .transient
            default: error.isRetriable ? .transient : .permanent
            }
        self.init(failureClass, code: error.kind.label, message: error.description, mayHaveRun: error.mayHaveRun)
    }
}
