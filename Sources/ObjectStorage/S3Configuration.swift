import AWSSignature

/// A bucket, its endpoint and the credentials.
public struct S3Configuration: Sendable {
    public var bucket: String
    /// Precedes every key, joined by a `/`; may be empty.
    public var prefix: String
    public var region: String
    public var credentials: AWSCredentials
    public let isSecure: Bool
    /// Host and, unless it is the scheme's default, port.
    public let endpointHost: String
    /// `endpoint/bucket/key` instead of `bucket.endpoint/key`.
    public var usesPathStyle: Bool

    /// - Parameters:
    ///   - endpoint: `https://host:port` of an S3 service other than AWS (`AWS_ENDPOINT_URL_S3`); `http` is accepted too.
    ///   - usesPathStyle: defaults to true for a custom endpoint, and for an AWS bucket whose name contains dots, which the
    ///     certificate does not cover.
    /// - Throws: `StorageLocationError` if the endpoint is not a scheme and a host.
    public init(
        bucket: String, prefix: String = "", region: String = "us-east-1", credentials: AWSCredentials, endpoint: String? = nil,
        usesPathStyle: Bool? = nil
    ) throws(StorageLocationError) {
        self.bucket = bucket
        self.prefix = prefix
        self.region = region
        self.credentials = credentials
        if let endpoint {
            (isSecure, endpointHost) = try Self.parse(endpoint)
            self.usesPathStyle = usesPathStyle ?? true
        } else {
            let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            (isSecure, endpointHost) = (true, "s3.\(region).\(suffix)")
            self.usesPathStyle = usesPathStyle ?? bucket.contains(".")
        }
    }

    private static func parse(_ endpoint: String) throws(StorageLocationError) -> (isSecure: Bool, host: String) {
        let isSecure = endpoint.hasPrefix("https://")
        guard isSecure || endpoint.hasPrefix("http://") else {
            throw StorageLocationError(location: endpoint, reason: "is not an endpoint: it must begin with https:// or http://")
        }
        var host = endpoint.dropFirst(isSecure ? 8 : 7)
        if host.hasSuffix("/") { host = host.dropLast() }
        let ownPort = isSecure ? ":443" : ":80"
        if host.hasSuffix(ownPort) { host = host.dropLast(ownPort.count) }
        if host.isEmpty || host.contains(where: { "/?#@ ".contains($0) }) {
            // The text before an @ may contain a password.
            let shown = host.contains("@") ? "an endpoint with a user" : endpoint
            throw StorageLocationError(location: shown, reason: "is not an endpoint: write only https://HOST:PORT")
        }
        return (isSecure, host.lowercased())
    }

    var host: String { usesPathStyle ? endpointHost : "\(bucket).\(endpointHost)" }

    func fullKey(_ key: String) -> String { prefix.isEmpty ? key : "\(prefix)/\(key)" }

    /// The percent-encoded path; without a key, the bucket's.
    func path(fullKey: String?) -> String {
        switch (usesPathStyle, fullKey) {
        case (true, let key?): URIEncoding.path("\(bucket)/\(key)")
        case (true, nil): URIEncoding.path(bucket)
        case (false, let key?): URIEncoding.path(key)
        case (false, nil): "/"
        }
    }

    func url(fullKey: String?) -> String { fullKey.map { "s3://\(bucket)/\($0)" } ?? "s3://\(bucket)" }
}
