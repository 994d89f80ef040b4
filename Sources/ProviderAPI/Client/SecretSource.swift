import Foundation

/// Reads secrets by name.
public struct SecretSource: Sendable {
    /// Returns the secret of that name, or `nil` if there is none. The text of a thrown error is shown to operators.
    public let value: @Sendable (_ name: String) throws -> String?
    /// The same of an account, whose name is one of a file.
    private let ofAccount: @Sendable (_ name: String, _ account: String) throws -> String?

    public init(
        _ value: @escaping @Sendable (_ name: String) throws -> String?,
        ofAccount: @escaping @Sendable (_ name: String, _ account: String) throws -> String? = { _, _ in nil }
    ) {
        (self.value, self.ofAccount) = (value, ofAccount)
    }

    /// What the account has, and the shared ones.
    /// - Parameter names: those that the account has; `nil`: all. Nobody gets a shared secret in place of one of its own.
    func of(_ account: String, names: Set<String>?) -> SecretSource {
        SecretSource { [self] name in try names?.contains(name) ?? true ? ofAccount(name, account) : value(name) }
    }

    /// The environment variable `NAME`, or the text of the file that `NAME_FILE` names, without its final line break. Of an account: the
    /// variable `NAME__ACCOUNT`, or the file `ACCOUNT` in the folder that `NAME_DIR` names.
    public static func environment(_ environment: [String: String]) -> SecretSource {
        SecretSource { name in
            try environment[name] ?? environment[name + "_FILE"].map { try text(of: $0) }
        } ofAccount: { name, account in
            if let value = environment["\(name)__\(account)"] { return value }
            guard let folder = environment[name + "_DIR"] else { return nil }
            let file = "\(folder)/\(account)"
            return FileManager.default.fileExists(atPath: file) ? try text(of: file) : nil
        }
    }

    private static func text(of file: String) throws -> String {
        var text = try String(contentsOfFile: file, encoding: .utf8)
        if text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
        return text
    }
}
