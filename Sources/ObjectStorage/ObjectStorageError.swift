import ExportCore

/// A step at the storage that did not succeed.
public struct ObjectStorageError: Error, Sendable, CustomStringConvertible {
    /// The raw value is the stable part of `Failure.code`.
    public enum Kind: String, Sendable, CaseIterable {
        /// There is no object of that key.
        case notFound = "not-found"
        case noSuchBucket = "no-such-bucket"
        /// The credentials are known but may not do this.
        case accessDenied = "access-denied"
        /// Unknown, wrong or expired credentials.
        case badCredentials = "bad-credentials"
        /// The bucket is in another region than the one that was signed for.
        case wrongRegion = "wrong-region"
        /// This machine's clock is too far from the server's.
        case clockSkew = "clock-skew"
        case throttled
        /// The server failed, or asks to try again.
        case unavailable
        /// No answer, or not a whole one.
        case connection
        /// No space, or a quota, is left.
        case full
        /// The bytes that arrived are not those that were sent.
        case checksum = "checksum-mismatch"
        /// The upload was aborted, by this side or as a stale one.
        case noSuchUpload = "no-such-upload"
        case invalidKey = "invalid-key"
        case tooLarge = "too-large"
        /// The answer is not what S3 answers.
        case invalidAnswer = "invalid-answer"
        /// Any other refusal; trying again will not help.
        case rejected
        /// Calls in an order that makes no sense, such as writing after the end.
        case misuse
        case cancelled
    }

    public let kind: Kind
    /// `put`, `upload part 3`, …
    public let operation: String
    /// The object or bucket, as a URL without secrets.
    public let object: String
    /// The server's or the system's words.
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

    /// The same in the terms of retry policies.
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
