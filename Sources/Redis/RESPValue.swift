/// A reply from the server (RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/).
public enum RESPValue: Sendable, Equatable {
    /// A null bulk string or a null array.
    case null
    case integer(Int64)
    /// A bulk string: any bytes.
    case string([UInt8])
    /// A simple string, such as `OK`.
    case status(String)
    case array([RESPValue])
    // Indirect, to keep the elements of large arrays at 24 bytes.
    indirect case error(RedisServerError)
}

extension RESPValue {
    public var isNull: Bool { self == .null }

    /// The bytes of a bulk or simple string.
    public var bytes: [UInt8]? {
        switch self {
        case .string(let bytes): bytes
        case .status(let text): Array(text.utf8)
        default: nil
        }
    }

    /// A bulk or simple string as text; `nil` when its bytes are not UTF-8.
    public var text: String? {
        switch self {
        case .string(let bytes): String(validating: bytes, as: UTF8.self)
        case .status(let text): text
        default: nil
        }
    }

    /// An integer, or a string that holds one in decimal notation (as hash fields do).
    public var int: Int64? {
        if case .integer(let value) = self { return value }
        return text.flatMap { Int64($0) }
    }

    public var elements: [RESPValue]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    public var serverError: RedisServerError? {
        if case .error(let error) = self { return error }
        return nil
    }
}
