import Encoding

/// The id of a trace: 16 bytes, shown as 32 hexadecimal digits.
public struct TraceID: Sendable, Hashable, CustomStringConvertible {
    public let high: UInt64
    /// The part that samplers by ratio look at.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// - Returns: `nil` unless there are 16 bytes that are not all zero.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 16, bytes.contains(where: { $0 != 0 }) else { return nil }
        self.init(high: UInt64(bigEndian: bytes[..<8]), low: UInt64(bigEndian: bytes[8...]))
    }

    /// Zero, which is no valid id, comes once in 2^128.
    public static func random() -> TraceID { TraceID(high: .random(in: .min ... .max), low: .random(in: 1 ... .max)) }

    public var bytes: [UInt8] { high.bytes + low.bytes }

    func append(to text: inout [UInt8]) { for byte in bytes { Hexadecimal.append(byte, to: &text) } }

    public var description: String { Hexadecimal.text(bytes) }
}

/// The id of a span: 8 bytes, shown as 16 hexadecimal digits.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    public let value: UInt64

    public init(_ value: UInt64) { self.value = value }

    /// - Returns: `nil` unless there are 8 bytes that are not all zero.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 8, bytes.contains(where: { $0 != 0 }) else { return nil }
        self.init(UInt64(bigEndian: bytes[...]))
    }

    public static func random() -> SpanID { SpanID(.random(in: 1 ... .max)) }

    public var bytes: [UInt8] { value.bytes }

    func append(to text: inout [UInt8]) { for byte in bytes { Hexadecimal.append(byte, to: &text) } }

    public var description: String { Hexadecimal.text(bytes) }
}

extension UInt64 {
    fileprivate init(bigEndian bytes: ArraySlice<UInt8>) { self = bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    fileprivate var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * $0)) } }
}
