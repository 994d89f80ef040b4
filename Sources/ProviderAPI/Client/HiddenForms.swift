import Encoding
import Foundation
import JQ

/// The forms in which answers, URLs and messages repeat a secret.
enum HiddenForms {
    /// As it is, percent-encoded, escaped in JSON, in base64, and within a base64 text of something longer, such as `user:password`.
    static func all(of secret: String) -> Set<String> {
        let json = String(JQValue(secret).json.dropFirst().dropLast())
        var forms: Set<String> = [secret, PercentEncoding.encoded(secret), json, json.replacing("/", with: "\\/")]
        // The base64 of a shorter one is too short to be told from other text.
        guard secret.utf8.count >= 4 else { return forms }
        for text in [Data(secret.utf8).base64EncodedString()] + (0..<3).map({ base64(of: secret, after: $0) }) {
            forms.formUnion([text, text.replacing("+", with: "-").replacing("/", with: "_"), PercentEncoding.encoded(text)])
        }
        return forms
    }

    /// The characters that depend on the secret alone, if so many bytes precede it, modulo 3.
    private static func base64(of secret: String, after offset: Int) -> String {
        let text = Data(Array(repeating: 0, count: offset) + Array(secret.utf8)).base64EncodedString()
        let digits = text.prefix { $0 != "=" }
        // Characters at both ends hold bits of the neighbours too.
        return String(digits.dropFirst([0, 2, 3][offset]).dropLast(text.hasSuffix("=") ? 1 : 0))
    }
}
