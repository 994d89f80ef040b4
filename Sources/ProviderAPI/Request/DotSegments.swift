/// RFC 3986, section 5.2.4.
enum DotSegments {
    /// The path, with its query, without `.` and `..` segments.
    static func removed(_ reference: String) -> String {
        // A scan of the bytes rules out nearly every path.
        guard reference.utf8.contains(UInt8(ascii: ".")) else { return reference }
        let path = reference.prefix { !"?#".contains($0) }
        guard path.hasPrefix("/") else { return reference }
        var kept: [Substring] = []
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".", "..":
                if segment == "..", !kept.isEmpty { kept.removeLast() }
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/") + reference[path.endIndex...]
    }
}
