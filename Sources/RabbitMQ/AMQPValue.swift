/// A value of a header or argument table (AMQP 0-9-1 field tables, in RabbitMQ's dialect: rabbitmq.com/amqp-0-9-1-errata).
public enum AMQPValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// Integers of every width; sent as 64-bit. An unsigned value above `Int64.max` is received as `Int64.max`.
    case integer(Int64)
    case double(Double)
    case string(String)
    /// A byte array, or a string that is not UTF-8.
    case bytes([UInt8])
    /// Whole seconds since 1970.
    case timestamp(UInt64)
    case array([AMQPValue])
    case table([String: AMQPValue])

    /// The text of a string, `nil` for every other value.
    public var text: String? { if case .string(let text) = self { text } else { nil } }
    /// The value of an integer, `nil` for every other value.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
}

extension AMQPValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension AMQPValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(arrayLiteral elements: AMQPValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, AMQPValue)...) {
        self = .table(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension AMQPValue {
    /// The deepest nesting of tables and arrays that is sent or kept on receipt; deeper values become `null`.
    static let depthLimit = 16

    /// An upper bound on the encoded size in bytes, or `nil` if the value is nested too deeply or a key is too long.
    func wireBound(depth: Int = 0) -> Int? {
        guard depth <= Self.depthLimit else { return nil }
        switch self {
        case .null, .boolean, .integer, .double, .timestamp: return 9
        case .string(let text): return 5 + text.utf8.count
        case .bytes(let bytes): return 5 + bytes.count
        case .array(let elements):
            var size = 5
            for element in elements {
                guard let bound = element.wireBound(depth: depth + 1) else { return nil }
                size += bound
            }
            return size
        case .table(let entries): return Self.wireBound(of: entries, depth: depth).map { $0 + 1 }
        }
    }

    static func wireBound(of table: [String: AMQPValue], depth: Int = 0) -> Int? {
        var size = 4
        for (key, value) in table {
            // librabbitmq documents a limit of 128 bytes for a key; the protocol allows 255.
            guard key.utf8.count <= 128, let bound = value.wireBound(depth: depth + 1) else { return nil }
            size += 1 + key.utf8.count + bound
        }
        return size
    }
}
