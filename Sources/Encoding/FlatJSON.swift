/// Reads JSON as `JSONWriter` writes it for files and messages: an object of strings and whole numbers, without spaces or escapes.
///
/// It is read for each file of each job, and Foundation takes about ten times as long. What has another form is left to a full decoder.
public enum FlatJSON {
    public enum Value: Equatable, Sendable {
        case string(String)
        case integer(Int64)

        public var string: String? { if case .string(let text) = self { text } else { nil } }
        public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    }

    /// The members of an object; `nil` for anything but a flat object without spaces, escapes, literals such as `true`, and repeated keys.
    public static func members(_ bytes: [UInt8]) -> [String: Value]? {
        bytes.withUnsafeBufferPointer { buffer in
            var cursor = JSONCursor(buffer)
            return cursor.flatObject().flatMap { cursor.isAtEnd ? $0 : nil }
        }
    }

    /// The members of each object of an array; `nil` as for `members`.
    public static func array(_ bytes: [UInt8]) -> [[String: Value]]? {
        bytes.withUnsafeBufferPointer { buffer in
            var cursor = JSONCursor(buffer)
            guard cursor.skip("[") else { return nil }
            var objects: [[String: Value]] = []
            if cursor.skip("]") { return cursor.isAtEnd ? objects : nil }
            repeat {
                guard let object = cursor.flatObject() else { return nil }
                objects.append(object)
            } while cursor.skip(",")
            return cursor.skip("]") && cursor.isAtEnd ? objects : nil
        }
    }
}

extension JSONCursor {
    fileprivate mutating func flatObject() -> [String: FlatJSON.Value]? {
        guard skip("{") else { return nil }
        var members: [String: FlatJSON.Value] = [:]
        if skip("}") { return members }
        repeat {
            guard let name = plainString(), skip(":"), let value = flatValue() else { return nil }
            // RFC 8259 leaves repeated keys open: a full decoder decides.
            guard members.updateValue(value, forKey: name) == nil else { return nil }
        } while skip(",")
        return skip("}") ? members : nil
    }

    private mutating func flatValue() -> FlatJSON.Value? {
        next == UInt8(ascii: "\"") ? plainString().map(FlatJSON.Value.string) : integer().map(FlatJSON.Value.integer)
    }

    private mutating func plainString() -> String? {
        guard let (content, hasEscapes) = string(), !hasEscapes else { return nil }
        return String(validating: content, as: UTF8.self)
    }

    private mutating func integer() -> Int64? {
        let start = position
        _ = skip("-")
        while let next, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let number = Int64(digits), String(number) == digits else { return nil }
        return number
    }
}
