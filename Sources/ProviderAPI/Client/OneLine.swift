/// A text from outside as it is shown in a line of a log or a message.
enum OneLine {
    /// Line breaks and control characters become spaces. Marks that nobody sees, and those that turn the direction of writing, are removed.
    static func text(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { isBreak($0) || isInvisible($0) }) else { return text }
        var line = String.UnicodeScalarView()
        for scalar in text.replacing("\r\n", with: "\n").unicodeScalars where !isInvisible(scalar) {
            line.append(isBreak(scalar) ? " " : scalar)
        }
        return String(line)
    }

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        let category = scalar.properties.generalCategory
        return category == .control || category == .lineSeparator || category == .paragraphSeparator
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .format }
}
