/// A text from outside as it is shown in a line of a log or a message.
public enum OneLine {
    /// White space, line breaks and control characters become single spaces. Marks that nobody sees, and those that turn the direction of
    /// writing, are removed.
    public static func text(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isInvisible(scalar) {
            if !isBlank(scalar) {
                line.append(scalar)
            } else if line.last != " " {
                line.append(" ")
            }
        }
        return String(line)
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .format }
}
