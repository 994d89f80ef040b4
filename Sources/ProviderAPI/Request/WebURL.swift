import Encoding

/// The URL operations that this module needs. libcurl's parser decides where a request goes.
enum WebURL {
    static func isAbsolute(_ url: String) -> Bool { schemeEnd(url) != nil }

    /// Scheme, host and port in lower case, without the default port; `nil` if the text is not an http or https URL.
    static func origin(_ url: String) -> String? {
        guard let start = schemeEnd(url) else { return nil }
        var authority = url[start...].prefix { !"/?#\\".contains($0) }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        let scheme = url[..<start].lowercased()
        let defaultPort = scheme == "https://" ? ":443" : ":80"
        if authority.hasSuffix(defaultPort) { authority = authority.dropLast(defaultPort.count) }
        return authority.isEmpty ? nil : scheme + authority.lowercased()
    }

    /// The URL without query, fragment and user information, which may contain credentials.
    static func shown(_ url: String) -> String {
        guard let origin = origin(url), let start = schemeEnd(url) else { return "(not an http or https URL)" }
        let path = url[start...].drop { !"/?#\\".contains($0) }.prefix { !"?#".contains($0) }
        return origin + path
    }

    /// RFC 3986, section 5.2, for the forms that responses use: absolute, `//host/path`, `/path`, `?query`, `name` and empty. An absolute URL
    /// stays as it is, because a signature may cover its path; the dot segments of a relative one are removed.
    static func resolve(_ reference: String, against base: String) -> String? {
        if isAbsolute(reference) { return reference }
        // The base itself, without its fragment.
        if reference.isEmpty || reference.hasPrefix("#") { return isAbsolute(base) ? base.prefix { $0 != "#" } + reference : nil }
        guard let start = schemeEnd(base) else { return nil }
        if reference.hasPrefix("//") { return base[..<start].dropLast(2) + reference }
        let root = base[..<(base[start...].firstIndex { "/?#".contains($0) } ?? base.endIndex)]
        if reference.hasPrefix("/") { return root + DotSegments.removed(reference) }
        let path = base[root.endIndex...].prefix { !"?#".contains($0) }
        if reference.hasPrefix("?") { return root + path + reference }
        // Another scheme, such as `ftp:`; a colon behind the first segment is part of a path or a query.
        guard !reference.prefix(while: { !"/?#".contains($0) }).contains(":") else { return nil }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return root + DotSegments.removed(folder + reference)
    }

    /// The reference of a response's header as an absolute URL without dot segments; unchanged if it is not http or https.
    static func resolved(_ reference: String, against base: String) -> String {
        guard let url = resolve(escaped(reference), against: base), let start = schemeEnd(url) else { return reference }
        let root = url[..<(url[start...].firstIndex { "/?#".contains($0) } ?? url.endIndex)]
        return root + DotSegments.removed(String(url[root.endIndex...]))
    }

    /// The decoded last segment of the path.
    static func fileName(_ url: String) -> String {
        guard let start = schemeEnd(url) else { return "file" }
        let path = url[start...].prefix { !"?#".contains($0) }.drop { $0 != "/" }
        let name = path.split(separator: "/").last.map { PercentEncoding.decodedLeniently($0) } ?? ""
        return name.isEmpty ? "file" : name
    }

    /// Percent-encodes characters that a URL cannot contain. Existing escapes stay as they are.
    static func escaped(_ url: String) -> String {
        guard !hasOnlyURLCharacters(url) else { return url }
        return url.unicodeScalars.reduce(into: "") { text, scalar in
            let character = String(scalar)
            text += hasOnlyURLCharacters(character) ? character : PercentEncoding.encoded(character)
        }
    }

    /// A URL contains no white space, control characters or non-ASCII characters.
    static func hasOnlyURLCharacters(_ url: String) -> Bool { url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }

    /// Whether a path segment is `.` or `..`, encoded or not. Servers resolve these segments to a parent folder.
    static func hasDotSegments(_ url: String) -> Bool {
        var previous: UInt8 = 0
        // A scan of the bytes rules out nearly every URL.
        let mayHave = url.utf8.contains { byte in
            defer { previous = byte }
            return previous == UInt8(ascii: "/") && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "%"))
        }
        guard mayHave else { return false }
        let path = url.prefix { !"?#".contains($0) }
        return path.split(separator: "/").contains { [".", ".."].contains(PercentEncoding.decodedLeniently($0)) }
    }

    private static let schemes = [Array("https://".utf8), Array("http://".utf8)]

    private static func schemeEnd(_ url: String) -> String.Index? {
        for scheme in schemes {
            let head = url.utf8.prefix(scheme.count).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            if head == scheme { return url.utf8.index(url.startIndex, offsetBy: scheme.count) }
        }
        return nil
    }
}
