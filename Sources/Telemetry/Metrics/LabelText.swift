/// Labels as written between the braces: `status="POLLING",tenant="a"`. Sorted, so that the text identifies a series.
struct LabelText: Hashable, Comparable, Sendable {
    let text: String

    init(_ labels: [(String, String)]) {
        var seen: Set<String> = []
        text =
            labels
            .map { (MetricName.label($0.0), $0.1) }
            .sorted { $0 < $1 }
            .filter { seen.insert($0.0).inserted }
            .map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
            .joined(separator: ",")
    }

    private init(text: String) { self.text = text }

    func adding(_ name: String, _ value: String) -> LabelText {
        LabelText(text: text.isEmpty ? "\(name)=\"\(value)\"" : "\(text),\(name)=\"\(value)\"")
    }

    static func < (left: LabelText, right: LabelText) -> Bool { left.text < right.text }

    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") })
        else { return value }
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += #"\\"#
            case "\"": result += #"\""#
            case "\n": result += #"\n"#
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
