import Foundation

/// Reads secrets by name.
public struct SecretSource: Sendable {
    /// Returns the secret of that name, or `nil` if there is none. The text of a thrown error is shown to operators.
    public let value: @Sendable (_ name: String) throws -> String?

    public init(_ value: @escaping @Sendable (_ name: String) throws -> String?) { self.value = value }

    /// The environment variable `NAME`, or the text of the file that `NAME_FILE` names, without its final line break.
    public static func environment(_ environment: [String: String]) -> SecretSource {
        SecretSource { name in
            if let value = environment[name] { return value }
            guard let file = environment[name + "_FILE"] else { return nil }
            var text = try String(contentsOfFile: file, encoding: .utf8)
            if text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
            return text
        }
    }
}
