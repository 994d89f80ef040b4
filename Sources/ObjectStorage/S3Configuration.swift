/// Which bucket, where, and as whom.
public struct S3Configuration: Sendable {
    public var bucket: String
    /// Put before every key, with a `/` between; may be empty.
    public var prefix: String
    public var region: String
    public var credentials: AWSCredentials
    public let isSecure: Bool
    /// Host and, where it is not the scheme's own, port.
    public let endpointHost: String
    /// `endpoint/bucket/key` instead of `bucket.endpoint/key`.
    public var usesPathStyle: Bool

    /// - Parameters:
    ///   - endpoint: `https://host:port` of another S3 than AWS's (`AWS_ENDPOINT_URL_S3`); `http` is taken too.
    ///   - usesPathStyle: by default for an endpoint of one's own, and for a bucket at AWS whose name holds dots: the
    ///     certificate does not cover those.
    /// - Throws: `StorageLocationError` for an endpoint that is not a scheme and a host.
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
            throw StorageLocationError(location: endpoint, reason: "is no endpoint: it begins with neither https:// nor http://")
        }
        var host = endpoint.dropFirst(isSecure ? 8 : 7)
        if host.hasSuffix("/") { host = host.dropLast() }
        let ownPort = isSecure ? ":443" : ":80"
        if host.hasSuffix(ownPort) { host = host.dropLast(ownPort.count) }
        if host.isEmpty || host.contains(where: { "/?#@ ".contains($0) }) {
            // Whatever stands before an @ may be a password.
            let shown = host.contains("@") ? "an endpoint with a user" : endpoint
            throw StorageLocationError(location: shown, reason: "is no endpoint: write https://HOST:PORT, nothing else")
        }
        return (isSecure, host.lowercased())
    }

    var host: String { usesPathStyle ? endpointHost : "\(bucket).\(endpointHost)" }

    func fullKey(_ key: String) -> String { prefix.isEmpty ? key : "\(prefix)/\(key)" }

    /// Percent-encoded; of the bucket itself without a key.
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
