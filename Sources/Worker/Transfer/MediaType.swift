/// A media type as `Content-Type` has it (RFC 9110, section 8.3.1), without its parameters.
struct MediaType: Sendable {
    /// In lower case: `text/csv`.
    let text: String

    init(_ field: String) {
        text = field.prefix { $0 != ";" && $0 != "," }.filter { !$0.isWhitespace }.lowercased()
    }

    var isHTML: Bool { text == "text/html" || text == "application/xhtml+xml" }
    var isXML: Bool { text == "text/xml" || text == "application/xml" || text.hasSuffix("+xml") }
    var isJSON: Bool { text == "application/json" || text == "text/json" || text.hasSuffix("+json") }

    /// - Parameter pattern: a media type, in which `*` stands for anything: `text/*`.
    func matches(_ pattern: String) -> Bool {
        let pattern = MediaType(pattern).text
        if pattern == "*/*" || pattern == "*" { return true }
        return pattern.hasSuffix("/*") ? text.hasPrefix(pattern.dropLast()) : text == pattern
    }
}
