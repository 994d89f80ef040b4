/// Untrusted text made safe for a header, a log or a terminal.
public enum PrintableText {
    /// One line of at most `limit` bytes of UTF-8, cut between two scalars. Control characters and directional formatting become
    /// spaces.
    public static func line(_ text: String, atMost limit: Int) -> String {
        var result = String.UnicodeScalarView()
        var size = 0
        for scalar in text.unicodeScalars {
            let scalar = isHarmful(scalar) ? " " : scalar
            size += UTF8.width(scalar)
            guard size <= limit else { break }
            result.append(scalar)
        }
        return String(result)
    }

    /// Several lines: newlines and tabs stay; other harmful characters become U+FFFD.
    public static func lines(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isHarmful(scalar) && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar) }
        return String(result)
    }

    /// Control characters (a terminal obeys them), line and paragraph separators, and directional formatting (Unicode, UAX #9).
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: scalar.properties.isBidiControl
        }
    }
}
