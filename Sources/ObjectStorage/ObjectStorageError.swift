import ExportCore

/// A failed storage operation.
public struct ObjectStorageError: Error, Sendable, CustomStringConvertible {
    /// The raw value is the stable part of `Failure.code`.
    public enum Kind: String, Sendable, CaseIterable {
        /// No object has this key.
        case notFound = "not-found"
        case noSuchBucket = "no-such-bucket"
        /// The credentials are valid but lack permission.
        case accessDenied = "access-denied"
        /// Unknown, wrong or expired credentials.
        case badCredentials = "bad-credentials"
        /// The bucket is in a region other than the one signed for.
        case wrongRegion = "wrong-region"
        /// This machine's clock differs too much from the server's.
        case clockSkew = "clock-skew"
        case throttled
        /// The server failed, or asks to retry.
        case unavailable
        /// No response, or an incomplete one.
        case connection
        /// The storage is full, or its quota is used up.
        case full
        /// The received bytes differ from those sent.
        case checksum = "checksum-mismatch"
        /// The upload was aborted, by this side or as stale.
        case noSuchUpload = "no-such-upload"
        case invalidKey = "invalid-key"
        case tooLarge = "too-large"
        /// The response is not a valid S3 response.
        case invalidAnswer = "invalid-answer"
        /// Any other rejection; a retry does not help.
        case rejected
        /// Calls in an invalid order, such as writing after the end.
        case misuse
        case cancelled
    }

    public let kind: Kind
    /// `put`, `upload part 3`, …
    public let operation: String
    /// The object or bucket, as a URL without secrets.
    public let object: String
    /// The server's or the system's message.
    public let detail: String
    public let retryAfter: Duration?

    init(_ kind: Kind, _ operation: String, _ object: String, _ detail: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.operation = operation
        self.object = object
        self.detail = detail
        self.retryAfter = retryAfter
    }

    public var description: String { "\(operation) of \(object) failed, \(kind.rawValue): \(detail)" }

    public var isRetriable: Bool { failure.failureClass.isRetriable }

    /// The error as a `Failure` for retry policies.
    public var failure: Failure {
        Failure(kind.failureClass, code: "storage-\(kind.rawValue)", message: description, retryAfter: retryAfter)
    }
}

extension ObjectStorageError.Kind {
    var failureClass: FailureClass {
        switch self {
        case .notFound: .gone
        case .accessDenied, .badCredentials: .unauthorised
        case .throttled: .throttled
        case .unavailable, .connection, .full, .clockSkew, .noSuchUpload, .cancelled: .transient
        case .checksum: .corrupt
        case .noSuchBucket, .wrongRegion, .invalidKey, .tooLarge, .invalidAnswer, .rejected, .misuse: .permanent
        }
    }
}
