import HTTPClient

/// What the value of `Content-Type` says about a body.
enum MediaType {
    /// The type without its parameters, in lower case.
    static func plain(_ value: String) -> String {
        let type = value.prefix { $0 != ";" && $0 != "," }.filter { !$0.isWhitespace }
        return type.lowercased()
    }

    static func isJSON(_ headers: HTTPHeaders) -> Bool { headers["content-type"]?.lowercased().contains("json") ?? false }

    /// Whether each line is a JSON text.
    static func isJSONLines(_ headers: HTTPHeaders) -> Bool {
        let type = headers["content-type"]?.lowercased() ?? ""
        return ["ndjson", "jsonl", "json-seq"].contains { type.contains($0) }
    }

    /// Whether people can read it: JSON, XML, HTML and other text.
    static func isText(_ headers: HTTPHeaders) -> Bool {
        let type = plain(headers["content-type"] ?? "")
        return type.hasPrefix("text/") || ["json", "xml", "html"].contains { type.contains($0) }
    }
}
