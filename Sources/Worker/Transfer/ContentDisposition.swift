import Encoding
import ExportCore

/// The file name in a `Content-Disposition` (RFC 6266).
public enum ContentDisposition {
    /// The name, safe as the last component of a path: `filename*` (RFC 8187) before `filename`; `nil` if neither gives a usable one.
    public static func fileName(_ field: String) -> String? {
        let parameters = parameters(field)
        if let extended = parameters["filename*"].flatMap(extendedValue), let name = usable(extended) { return name }
        guard let plain = parameters["filename"] else { return nil }
        // Against the standard, but common: a percent-encoded name.
        let decoded = PercentEncoding.decoded(plain).flatMap { String(validating: $0, as: UTF8.self) }
        return usable(decoded ?? plain)
    }

    /// The part behind the last `/` or `\`, with what cannot be in a name replaced.
    private static func usable(_ name: String) -> String? {
        let scalars = name.unicodeScalars
        let start = scalars.lastIndex { $0 == "/" || $0 == "\\" }.map { scalars.index(after: $0) } ?? scalars.startIndex
        return SafePath.usable(String(scalars[start...]))
    }

    private static func extendedValue(_ value: String) -> String? {
        let parts = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = PercentEncoding.decoded(parts[2]) else { return nil }
        switch parts[0].lowercased() {
        case "utf-8": return String(validating: bytes, as: UTF8.self)
        case "iso-8859-1": return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: return nil
        }
    }

    /// The parameters by their names in lower case; of several with one name the first.
    private static func parameters(_ field: String) -> [String: String] {
        var parameters: [String: String] = [:]
        // By scalars: an untrusted name may begin with a combining character, which would join the quote.
        var rest = field.unicodeScalars.drop { $0 != ";" }.dropFirst()
        while !rest.isEmpty {
            let name = String(String.UnicodeScalarView(rest.prefix { $0 != "=" && $0 != ";" })).filter { !$0.isWhitespace }.lowercased()
            rest = rest.drop { $0 != "=" && $0 != ";" }
            guard rest.first == "=" else {
                rest = rest.dropFirst()
                continue
            }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let value = rest.first == "\"" ? quoted(&rest) : plain(&rest)
            if parameters[name] == nil { parameters[name] = value }
            rest = rest.drop { $0 != ";" }.dropFirst()
        }
        return parameters
    }

    private static func plain(_ rest: inout Substring.UnicodeScalarView) -> String {
        let value = rest.prefix { $0 != ";" }
        rest = rest[value.endIndex...]
        return String(value)
    }

    private static func quoted(_ rest: inout Substring.UnicodeScalarView) -> String {
        var value = String.UnicodeScalarView()
        rest = rest.dropFirst()
        while let scalar = rest.popFirst(), scalar != "\"" {
            // Only these two are escaped in practice: some servers send paths of Windows as they are.
            if scalar == "\\", let next = rest.first, next == "\"" || next == "\\" {
                value.append(next)
                rest = rest.dropFirst()
            } else {
                value.append(scalar)
            }
        }
        return String(value)
    }
}
