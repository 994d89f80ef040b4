/// The value of `Link` (RFC 8288): `<TARGET>; rel="next", …`.
enum LinkField {
    /// The value with absolute targets.
    static func resolved(_ value: String, against base: String) -> String {
        var text = ""
        var rest = Substring(value)
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            text += rest[...open] + WebURL.resolved(String(rest[rest.index(after: open)..<close]), against: base)
            rest = rest[close...]
        }
        return text + rest
    }
}
