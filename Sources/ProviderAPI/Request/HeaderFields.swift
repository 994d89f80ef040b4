/// The headers of a request in the provider file.
enum HeaderFields {
    private static let ofTheClient = ["content-length", "transfer-encoding"]

    /// Reads `{NAME: TEMPLATE}` and reports names and values that HTTP does not allow.
    /// - Parameter credentials: the headers that `auth` adds to each request, in lower case.
    static func read(_ field: Field?, credentials: Set<String> = [], _ compiler: FilterCompiler) -> [RequestTemplate.Parameter] {
        guard let field else { return [] }
        var seen: Set<String> = []
        for entry in Section(field)?.fields ?? [] {
            let name = entry.key.lowercased()
            func problem(_ message: String, _ fix: String) { field.report.add(entry.keyMark, entry.value.path, message, fix: fix) }
            if !isToken(entry.key) { problem("\"\(entry.key)\" is not the name of a header", "use letters, digits and -") }
            if ofTheClient.contains(name) { problem("the HTTP client sets this header", "remove it") }
            if !seen.insert(name).inserted { problem("another header has this name in other letters", "remove one") }
            if credentials.contains(name) { problem("auth sends this header too", "remove it here, or remove auth") }
        }
        let headers = RequestTemplate.parameters(field, compiler)
        for header in headers where header.value.pieces.contains(where: \.hasControlCharacters) {
            let entry = Section(field)?[header.name] ?? field
            entry.problem("a line break or control character, which a header cannot hold", fix: "write the value on one line")
        }
        return headers
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "!#$%&'*+-.^_`|~".contains($0)) }
    }
}

extension Template.Piece {
    fileprivate var hasControlCharacters: Bool {
        guard case .text(let text) = self else { return false }
        return text.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
    }
}
