extension SafePath {
    /// A file's name is at most this long in bytes of UTF-8, so that a key with it stays below the 1024 bytes that S3 allows.
    public static let maxNameLength = 700

    /// A safe path made of what is usable of an untrusted name: white space around it goes, and so do empty components, `.` and a leading
    /// `/`; `..`, backslashes, control characters and the colon of a drive become `_`; what is too long is cut before its extension.
    /// - Returns: `nil` if nothing of the name remains.
    public static func usable(_ untrusted: String) -> String? {
        let name = trimmed(untrusted)
        // An unsafe name is no reason to fail: what is usable of it is used.
        if let path = try? relative(name), path.utf8.count <= maxNameLength { return path }
        let components = name.unicodeScalars.split(separator: "/").map { component($0) }.filter { !$0.isEmpty && $0 != "." }
        guard components.contains(where: { $0.contains { $0 != "_" } }) else { return nil }
        let path = components.joined(separator: "/")
        let short = path.utf8.count <= maxNameLength ? path : components.last ?? ""
        return try? relative(short)
    }

    /// Without white space and line ends around it.
    public static func trimmed(_ text: String) -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace || scalar == "\u{FEFF}" || scalar == "\u{0}" }
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last, isBlank(first) || isBlank(last) else {
            return text
        }
        let start = text.unicodeScalars.drop(while: isBlank)
        guard let end = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(start[...end])
    }

    private static func component(_ scalars: Substring.UnicodeScalarView) -> String {
        var name = String(String.UnicodeScalarView(scalars.map { $0 == "\\" || $0.properties.generalCategory == .control ? "_" : $0 }))
        if name == ".." { return "_" }
        // A drive letter.
        if name.utf8.count >= 2, name.utf8.dropFirst().first == UInt8(ascii: ":") { name = name.prefix(1) + "_" + name.dropFirst(2) }
        return name.utf8.count <= maxComponentLength ? name : cut(name)
    }

    /// The beginning of a long name, and its last two extensions if they are short.
    private static func cut(_ name: String) -> String {
        var suffix = ""
        for part in name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().suffix(2).reversed() {
            guard !part.isEmpty, part.utf8.count <= 10, part.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { break }
            suffix = ".\(part)" + suffix
        }
        // An index may still be put in front.
        let room = maxComponentLength - 15 - suffix.utf8.count
        var (stem, length) = ("", 0)
        for character in name.dropLast(suffix.count) {
            length += character.utf8.count
            if length > room { break }
            stem.append(character)
        }
        return stem + suffix
    }
}
