/// An error reply from the server.
///
/// By convention (Redis protocol specification, "Simple errors") the first word, in capitals, is a code; scripts define their own
/// codes with `redis.error_reply("STALE …")`.
public struct RedisServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The code, such as `WRONGTYPE`, `NOSCRIPT` or `OOM`; `ERR` if the server gave none.
    public let code: String
    /// The text after the code.
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// - Parameter line: the reply as the server sent it, without the leading `-`.
    init(line: String) {
        // "ERR unknown command 'AUTH', with args beginning with: 'secret'": the quoted arguments may be a secret.
        let line = line.firstRange(of: ", with args").map { line[..<$0.lowerBound] } ?? line[...]
        let word = line.prefix { $0 != " " }
        let isCode = !word.isEmpty && word.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
        code = isCode ? String(word) : "ERR"
        message = isCode ? String(line.dropFirst(word.count + 1)) : String(line)
    }

    /// Whether the server refused because of a temporary state: loading, full, a replica, without its primary, busy with a script,
    /// unable to save, or without a free client slot. The command did not run.
    public var isRetriable: Bool { Self.passing.contains(code) || message.hasPrefix("max number of clients") }

    private static let passing: Set<String> = [
        "LOADING", "BUSY", "READONLY", "MASTERDOWN", "OOM", "MISCONF", "NOREPLICAS", "TRYAGAIN", "CLUSTERDOWN",
    ]

    public var description: String { message.isEmpty ? code : "\(code) \(message)" }
}
