import Encoding

/// The output location in the operator's notation: `s3://bucket/prefix` or `file:///folder`.
public enum StorageLocation: Sendable, Equatable, CustomStringConvertible {
    /// The prefix has no slashes at its ends and may be empty.
    case s3(bucket: String, prefix: String)
    /// An absolute path.
    case folder(path: String)

    public init(_ text: String) throws(StorageLocationError) {
        func refuse(_ reason: String) -> StorageLocationError { StorageLocationError(location: text, reason: reason) }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw refuse("contains a control character")
        }
        if text.hasPrefix("s3://") {
            self = try Self.s3(String(text.dropFirst(5)), refuse)
        } else if text.hasPrefix("file://") {
            self = try Self.folder(String(text.dropFirst(7)), refuse)
        } else if text.hasPrefix("/") {
            throw refuse("is a path; write file://\(text)")
        } else {
            throw refuse("is neither s3://BUCKET/PREFIX nor file:///FOLDER")
        }
    }

    public var description: String {
        switch self {
        case .s3(let bucket, let prefix): prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)"
        case .folder(let path): "file://\(path)"
        }
    }

    private static func s3(_ rest: String, _ refuse: (String) -> StorageLocationError) throws(StorageLocationError) -> Self {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bucket = String(parts[0])
        if bucket.isEmpty { throw refuse("names no bucket: s3://BUCKET/PREFIX") }
        let allowed = bucket.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard allowed, (3...63).contains(bucket.utf8.count) else {
            throw refuse(
                "names the bucket \(bucket.debugDescription): a bucket has 3 to 63 lower-case letters, digits, '-' and '.'")
        }
        let prefix = parts.count < 2 ? "" : String(parts[1])
        if prefix.contains("?") || prefix.contains("#") { throw refuse("has a '?' or '#': set options in environment variables") }
        if prefix.utf8.count > 512 { throw refuse("has a prefix of more than 512 bytes") }
        let trimmed = prefix.split(separator: "/", omittingEmptySubsequences: false)
            .drop { $0.isEmpty }.reversed().drop { $0.isEmpty }.reversed()
        return .s3(bucket: bucket, prefix: trimmed.joined(separator: "/"))
    }

    private static func folder(_ rest: String, _ refuse: (String) -> StorageLocationError) throws(StorageLocationError) -> Self {
        guard rest.hasPrefix("/") else { throw refuse("has no absolute path: write file:///FOLDER with three slashes") }
        guard let path = PercentEncoding.decoded(rest).flatMap({ String(validating: $0, as: UTF8.self) }) else {
            throw refuse("has a '%' that is not followed by two hexadecimal digits of UTF-8")
        }
        let components = path.split(separator: "/")
        if components.contains(where: { $0 == ".." || $0 == "." }) { throw refuse("contains '.' or '..'") }
        if path.utf8.contains(0) { throw refuse("contains a NUL") }
        return .folder(path: "/" + components.joined(separator: "/"))
    }
}

public struct StorageLocationError: Error, Sendable, Equatable, CustomStringConvertible {
    public let location: String
    public let reason: String
    public var description: String { "\(location.debugDescription) \(reason)" }
}
