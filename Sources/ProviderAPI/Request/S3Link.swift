import Encoding

/// `s3://BUCKET/KEY`, a link to an object that its reader must sign.
struct S3Link {
    let bucket: String
    /// As it is, not percent-encoded.
    let key: String

    private static let scheme = "s3://"

    static func isOne(_ url: String) -> Bool { url.lowercased().hasPrefix(scheme) }

    /// `nil` for anything else, and without a bucket or a key.
    init?(_ url: String) {
        guard Self.isOne(url) else { return nil }
        let parts = url.dropFirst(Self.scheme.count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty, !parts[0].isEmpty,
            parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || [0x2D, 0x2E, 0x5F].contains($0) })
        else { return nil }
        (bucket, key) = (String(parts[0]), String(parts[1]))
    }

    /// - Parameter endpoint: of an S3 server of another kind; the bucket is then part of the path, as it is if it has dots, which
    ///   certificates do not cover.
    func url(region: String, endpoint: String?) -> String {
        let path = PercentEncoding.encoded(key, keeping: "/")
        if let endpoint { return "\(endpoint)/\(bucket)/\(path)" }
        let host = "s3.\(region).amazonaws.com"
        return bucket.contains(".") ? "https://\(host)/\(bucket)/\(path)" : "https://\(bucket).\(host)/\(path)"
    }

    var fileName: String { key.split(separator: "/").last.map(String.init) ?? key }
}

/// What links of a list the provider file can follow.
struct DownloadLinks {
    let followS3: Bool
    /// `download.request` fetches a file by something else than its URL.
    let needNoURL: Bool
}
