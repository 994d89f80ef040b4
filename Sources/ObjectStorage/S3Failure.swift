import HTTPClient

/// The meaning of an S3 error response. Source: "Error responses" in the Amazon S3 API Reference.
enum S3Failure {
    /// - Parameters:
    ///   - response: any unsuccessful response, or a 200 with an Error in its body.
    ///   - now: seconds since 1970.
    static func error(
        _ response: HTTPResponse, operation: String, object: String, region: String, now: Int64
    ) -> ObjectStorageError {
        let document = S3Document(response.body)
        let code = document.text("Code") ?? ""
        let kind = kind(status: response.status, code: code)
        let words = [code.isEmpty ? "status \(response.status)" : code, document.text("Message")].compactMap { $0 }.joined(
            separator: ": ")
        let actualRegion = response.headers["x-amz-bucket-region"] ?? document.text("Region")
        let detail =
            switch kind {
            case .wrongRegion:
                "the bucket is in \(actualRegion ?? "another region"), but requests are signed for \(region): set AWS_REGION"
            case .clockSkew: "\(words); correct this machine's clock"
            default: words
            }
        // A response may be as long as the request's limit, which is too long for a log line.
        return ObjectStorageError(
            kind, operation, object, String(detail.prefix(500)), retryAfter: response.headers.retryAfter(now: now))
    }

    static func kind(status: Int, code: String) -> ObjectStorageError.Kind {
        switch code {
        case "NoSuchKey": .notFound
        case "NoSuchBucket": .noSuchBucket
        case "NoSuchUpload": .noSuchUpload
        case "AccessDenied", "AllAccessDisabled", "AccountProblem": .accessDenied
        case "SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken", "InvalidToken", "TokenRefreshRequired": .badCredentials
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
            .wrongRegion
        case "RequestTimeTooSkewed": .clockSkew
        case "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "RequestThrottled":
            .throttled
        case "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted": .unavailable
        case "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody": .checksum
        case "EntityTooLarge": .tooLarge
        case "QuotaExceeded", "XMinioStorageFull": .full
        default: kind(status: status)
        }
    }

    /// For responses without a body, mainly to HEAD, and for intermediate gateways.
    private static func kind(status: Int) -> ObjectStorageError.Kind {
        switch status {
        case 301, 307: .wrongRegion
        case 401, 403: .accessDenied
        case 404, 410: .notFound
        case 408, 500, 502, 503, 504: .unavailable
        case 413: .tooLarge
        case 429: .throttled
        case 507: .full
        case 200..<300: .invalidAnswer
        default: .rejected
        }
    }
}

extension ObjectStorageError {
    init(_ error: HTTPError, operation: String, object: String) {
        let kind: Kind =
            switch error.kind {
            case .cancelled: .cancelled
            case .tooLarge: .tooLarge
            case .overloaded: .throttled
            // Invalid HTTP comes from an intermediary, and is temporary.
            case .protocolViolation: .connection
            default: error.isRetriable ? .connection : .rejected
            }
        self.init(kind, operation, object, error.description)
    }
}
