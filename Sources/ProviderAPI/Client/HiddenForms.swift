import Encoding
import Foundation
import JQ

/// The forms in which answers, URLs and messages repeat a secret.
enum HiddenForms {
    /// As it is, percent-encoded, escaped in JSON once and twice and in HTML, in hexadecimal, in base64, and within a base64 text of
    /// something longer, such as `user:password`.
    static func all(of secret: String) -> Set<String> {
        let json = escaped(secret)
        let percent = PercentEncoding.encoded(secret)
        var forms: Set<String> = [secret, percent, inLowerCase(percent: percent), json, escaped(json), json.replacing("/", with: "\\/")]
        forms.formUnion(html(secret))
        // The base64 of a shorter one is too short to be told from other text.
        guard secret.utf8.count >= 4 else { return forms }
        let hex = Hexadecimal.text(Array(secret.utf8))
        forms.formUnion([hex, hex.uppercased()])
        for text in [Data(secret.utf8).base64EncodedString()] + (0..<3).map({ base64(of: secret, after: $0) }) {
            forms.formUnion([text, text.replacing("+", with: "-").replacing("/", with: "_"), PercentEncoding.encoded(text)])
        }
        return forms
    }

    private static func escaped(_ text: String) -> String { String(JQValue(text).json.dropFirst().dropLast()) }

    /// `%2F` as `%2f`; other characters stay.
    private static func inLowerCase(percent text: String) -> String { text.replacing(/%[0-9A-F]{2}/) { $0.output.lowercased() } }

    /// With the entities that servers write.
    private static func html(_ text: String) -> [String] {
        let base = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        return ["&quot;", "&#34;"].flatMap { quote in
            ["&#39;", "&#x27;", "&apos;", "'"].map { base.replacing("\"", with: quote).replacing("'", with: $0) }
        }
    }

    /// The characters that depend on the secret alone, if so many bytes precede it, modulo 3.
    private static func base64(of secret: String, after offset: Int) -> String {
        let text = Data(Array(repeating: 0, count: offset) + Array(secret.utf8)).base64EncodedString()
        let digits = text.prefix { $0 != "=" }
        // Characters at both ends hold bits of the neighbours too.
        return String(digits.dropFirst([0, 2, 3][offset]).dropLast(text.hasSuffix("=") ? 1 : 0))
    }
}
