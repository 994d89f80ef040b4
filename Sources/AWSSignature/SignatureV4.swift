import Crypto
import Encoding
import Synchronization

/// AWS Signature Version 4 in the Authorization header. For the service `s3`, the path is signed as it is sent, and the hash of the body is
/// sent too; for others the encoded path is encoded once more. Sources: "Authenticating Requests: Using the Authorization Header" in the
/// Amazon S3 API Reference; "Create a signed AWS API request" in the IAM User Guide.
///
/// Pure except for the signing key, which is derived once a day and cached.
public final class SignatureV4: Sendable {
    public enum Payload: Sendable, Equatable {
        /// The signature does not cover the body.
        case unsigned
        /// SHA-256 of the body in lower-case hexadecimal.
        case sha256(String)

        public static let empty = Payload.sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

        /// The value of `x-amz-content-sha256`.
        var header: String {
            switch self {
            case .unsigned: "UNSIGNED-PAYLOAD"
            case .sha256(let hash): hash
            }
        }
    }

    /// The request to sign. `path` and `query` are percent-encoded as sent; `query` is sorted by its encoded names.
    public struct Request: Sendable {
        public var method: String
        /// The value of the Host header, including a port that is not the scheme's default.
        public var host: String
        public var path: String
        public var query: String
        /// Headers to sign, without Host and those that signing adds.
        public var headers: [(name: String, value: String)]
        public var payload: Payload

        public init(
            method: String, host: String, path: String, query: String = "", headers: [(name: String, value: String)] = [],
            payload: Payload = .empty
        ) {
            self.method = method
            self.host = host
            self.path = path
            self.query = query
            self.headers = headers
            self.payload = payload
        }
    }

    public let credentials: AWSCredentials
    public let region: String
    public let service: String
    private let cachedKey = Mutex<(day: String, key: SymmetricKey)?>(nil)

    public init(_ credentials: AWSCredentials, region: String, service: String = "s3") {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The headers to send: those of the request, and `x-amz-date`, `x-amz-content-sha256`, `x-amz-security-token` and
    /// `Authorization`. The HTTP client sets `Host`.
    public func sign(_ request: Request, secondsSince1970: Int64) -> [(name: String, value: String)] {
        let time = UTCTime(seconds: secondsSince1970)
        var headers = request.headers
        if service == "s3" { headers.append(("x-amz-content-sha256", request.payload.header)) }
        headers.append(("x-amz-date", time.basicTimestamp))
        if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }

        var request = request
        if service != "s3" { request.path = PercentEncoding.encoded(request.path, keeping: "/") }
        let canonical = Self.canonical(request, headers: headers + [("host", request.host)])
        let scope = "\(time.basicDate)/\(region)/\(service)/aws4_request"
        let signature = HMAC<SHA256>.authenticationCode(
            for: Array(Self.stringToSign(canonical.text, scope: scope, time: time).utf8), using: signingKey(day: time.basicDate))
        let parts = [
            "Credential=\(credentials.accessKeyID)/\(scope)", "SignedHeaders=\(canonical.signedHeaders)",
            "Signature=\(Hexadecimal.text(signature))",
        ]
        headers.append(("Authorization", "AWS4-HMAC-SHA256 \(parts.joined(separator: ","))"))
        return headers
    }

    private func signingKey(day: String) -> SymmetricKey {
        cachedKey.withLock { cached in
            if let cached, cached.day == day { return cached.key }
            let key = derivedKey(day: day)
            cached = (day, key)
            return key
        }
    }

    private func derivedKey(day: String) -> SymmetricKey {
        [day, region, service, "aws4_request"].reduce(SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))) {
            SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array($1.utf8), using: $0))
        }
    }
}

extension SignatureV4 {
    static func canonical(
        _ request: Request, headers: [(name: String, value: String)]
    ) -> (text: String, signedHeaders: String) {
        let sorted = headers.map { ($0.name.lowercased(), trimmed($0.value)) }.sorted { $0.0 < $1.0 }
        let signedHeaders = sorted.map(\.0).joined(separator: ";")
        let lines = sorted.map { "\($0):\($1)\n" }.joined()
        let text = "\(request.method)\n\(request.path)\n\(request.query)\n\(lines)\n\(signedHeaders)\n\(request.payload.header)"
        return (text, signedHeaders)
    }

    static func stringToSign(_ canonicalRequest: String, scope: String, time: UTCTime) -> String {
        "AWS4-HMAC-SHA256\n\(time.basicTimestamp)\n\(scope)\n\(Hexadecimal.text(SHA256.hash(data: Array(canonicalRequest.utf8))))"
    }

    /// Removes surrounding white space and collapses runs of spaces.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
