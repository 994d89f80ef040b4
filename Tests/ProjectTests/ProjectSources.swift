import Foundation

/// The project's files, as the tests of its own rules read them.
enum ProjectSources {
    static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func swiftFiles(_ folder: String) -> [URL] {
        let files = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
        return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    /// The module that a file belongs to: the folder below `Sources` or `Tests`.
    static func module(of file: URL) -> String { file.pathComponents[root.pathComponents.count + 1] }

    /// The modules that a file imports. Imports stand above all declarations; a script in a string may contain more.
    static func imports(of file: URL) throws -> Set<String> {
        var imports: Set<String> = []
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ")
            if let position = words.firstIndex(of: "import"), position <= 2, words.count > position + 1, !line.hasPrefix("//") {
                imports.insert(String(words[position + 1]))
            } else if !line.hasPrefix("//"), !line.hasPrefix("#") {
                break
            }
        }
        return imports
    }
}
