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
    /// The command's name in errors, if this is its first word.
    var name: String {
        switch self {
        case .string(let text): text
        case .bytes(let bytes): String(decoding: bytes.prefix(32), as: UTF8.self)
        case .integer(let value): String(value)
        }
    }

    /// An upper bound, close enough to reserve memory.
    var encodedSize: Int {
        switch self {
        case .string(let text): text.utf8.count + 26
        case .bytes(let bytes): bytes.count + 26
        case .integer: 26
        }
    }
}
