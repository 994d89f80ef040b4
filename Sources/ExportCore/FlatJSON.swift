/// JSON as we write it ourselves: an object of strings and whole numbers, without spaces. Written and read by hand, since it happens for
/// each file of each job, and Foundation takes some ten times as long. What does not look like it is for a whole decoder.
public enum FlatJSON {
    public enum Value: Equatable {
        case string(String)
        case integer(Int64)

        public var string: String? { if case .string(let text) = self { text } else { nil } }
        public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    }

    /// The members of an object; `nil` for anything but a flat object without spaces, escapes, and literals such as `true`.
    public static func members(_ bytes: [UInt8]) -> [String: Value]? {
        bytes.withUnsafeBufferPointer { buffer in
            var reader = FlatJSONReader(buffer)
            return reader.object().flatMap { reader.isAtEnd ? $0 : nil }
        }
    }

    /// The objects of an array of such.
    public static func array(_ bytes: [UInt8]) -> [[String: Value]]? {
        bytes.withUnsafeBufferPointer { buffer in
            var reader = FlatJSONReader(buffer)
            guard reader.skip("[") else { return nil }
            var objects: [[String: Value]] = []
            if reader.skip("]") { return reader.isAtEnd ? objects : nil }
            repeat {
                guard let object = reader.object() else { return nil }
                objects.append(object)
            } while reader.skip(",")
            return reader.skip("]") && reader.isAtEnd ? objects : nil
        }
    }

    /// Appends a string with its quotes; RFC 8259, section 7.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            bytes.append(UInt8(ascii: "\""))
            if utf8.contains(where: mustEscape) {
                for byte in utf8 { append(escaping: byte, to: &bytes) }
            } else {
                bytes.append(contentsOf: utf8)
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private static func mustEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }

    private static func append(escaping byte: UInt8, to bytes: inout [UInt8]) {
        guard mustEscape(byte) else { return bytes.append(byte) }
        bytes.append(UInt8(ascii: "\\"))
        guard byte < 0x20 else { return bytes.append(byte) }
        bytes.append(contentsOf: "u00".utf8)
        bytes.append(UInt8(ascii: "0") + byte >> 4)
        bytes.append(contentsOf: String(byte & 15, radix: 16).utf8)
    }
}

/// Takes a flat object apart from its start.
private struct FlatJSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func object() -> [String: FlatJSON.Value]? {
        guard skip("{") else { return nil }
        var members: [String: FlatJSON.Value] = [:]
        if skip("}") { return members }
        repeat {
            guard let name = string(), skip(":"), let value = value() else { return nil }
            // Twice the same: let the whole decoder say what that means.
            guard members.updateValue(value, forKey: name) == nil else { return nil }
        } while skip(",")
        return skip("}") ? members : nil
    }

    private mutating func value() -> FlatJSON.Value? {
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return string().map(FlatJSON.Value.string) }
        return integer().map(FlatJSON.Value.integer)
    }

    private mutating func string() -> String? {
        guard skip("\"") else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            guard bytes[position] != UInt8(ascii: "\\"), bytes[position] >= 0x20 else { return nil }
            position += 1
        }
        let text = String(validating: bytes[start..<position], as: UTF8.self)
        return skip("\"") ? text : nil
    }

    private mutating func integer() -> Int64? {
        let start = position
        _ = skip("-")
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let number = Int64(digits), String(number) == digits else { return nil }
        return number
    }
}
