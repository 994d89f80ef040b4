/// A word of a command: its name, a key, a value.
public enum RedisArgument: Sendable, Equatable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral {
    case string(String)
    case bytes([UInt8])
    /// Sent in decimal notation.
    case integer(Int64)

    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
}

extension RedisArgument {
    /// For errors: the name of the command that begins with this word.
    var name: String {
        switch self {
        case .string(let text): text
        case .bytes(let bytes): String(decoding: bytes.prefix(32), as: UTF8.self)
        case .integer(let value): String(value)
        }
    }

    /// An upper bound, near enough to reserve memory for.
    var encodedSize: Int {
        switch self {
        case .string(let text): text.utf8.count + 26
        case .bytes(let bytes): bytes.count + 26
        case .integer: 26
        }
    }
}
