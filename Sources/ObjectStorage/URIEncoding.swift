import Encoding

/// Percent-encoding by AWS's rules (Signature Version 4, "UriEncode"): all but the unreserved characters of RFC 3986.
enum URIEncoding {
    /// The path of a key, each segment encoded once. Nothing is normalised: `//`, `.` and `..` are part of a key.
    static func path(_ key: String) -> String { "/" + PercentEncoding.encoded(key, keeping: "/") }

    /// Encodes names and values and sorts them in signing order; a name without a value keeps its `=`.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (PercentEncoding.encoded($0.name), PercentEncoding.encoded($0.value)) }
            .sorted { Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) || ($0.0 == $1.0 && $0.1 < $1.1) }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }
}
