import HTTPClient

/// A media type as `Content-Type` has it (RFC 9110, section 8.3.1), without its parameters.
public struct MediaType: Sendable {
    /// In lower case: `text/csv`.
    public let text: String

    public init(_ field: String) {
        text = field.prefix { $0 != ";" && $0 != "," }.filter { !$0.isWhitespace }.lowercased()
    }

    /// `nil` if the answer names none.
    init?(_ headers: HTTPHeaders) {
        guard let field = headers["content-type"] else { return nil }
        self.init(field)
    }

    public var isHTML: Bool { text == "text/html" || text == "application/xhtml+xml" }
    public var isXML: Bool { text == "text/xml" || text == "application/xml" || text.hasSuffix("+xml") }
    public var isJSON: Bool { text == "application/json" || text == "text/json" || text.hasSuffix("+json") }

    /// Whether the document says what went wrong (RFC 9457).
    public var isProblem: Bool { text == "application/problem+json" || text == "application/problem+xml" }

    /// Whether each line is a JSON text.
    var isJSONLines: Bool { ["ndjson", "jsonl", "json-seq"].contains { text.contains($0) } }

    /// Whether people can read it.
    var isText: Bool { text.hasPrefix("text/") || isHTML || isXML || isJSON || isJSONLines }

    /// - Parameter pattern: a media type, in which `*` stands for anything: `text/*`.
    public func matches(_ pattern: String) -> Bool {
        let pattern = MediaType(pattern).text
        if pattern == "*/*" || pattern == "*" { return true }
        return pattern.hasSuffix("/*") ? text.hasPrefix(pattern.dropLast()) : text == pattern
    }
}
