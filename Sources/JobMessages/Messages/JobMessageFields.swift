import Encoding
import Foundation

/// Reads the members of a message and checks their types.
struct JobMessageFields {
    private let members: [String: Any]

    init(_ members: [String: Any]) { self.members = members }

    /// A text without control characters, which would break the lines of logs and wakes.
    func text(_ name: String, atMost limit: Int) throws(JobMessageError) -> String? {
        guard let value = members[name], !(value is NSNull) else { return nil }
        guard let text = value as? String else {
            throw JobMessageError(code: "bad-field", message: "\(name) must be a string")
        }
        guard !text.isEmpty, text.utf8.count <= limit, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw JobMessageError(code: "bad-field", message: "\(name) must have 1 to \(limit) bytes and no control characters")
        }
        return text
    }

    /// An object, as compact JSON.
    /// - Parameter body: the message that the members come from.
    func object(_ name: String, in body: [UInt8]) throws(JobMessageError) -> String? {
        guard let value = members[name], !(value is NSNull) else { return nil }
        guard let object = value as? [String: Any] else {
            throw JobMessageError(code: "bad-field", message: "\(name) must be an object {…}")
        }
        if let written = CompactMember.value(name, in: body) { return written }
        return String(decoding: try Self.encode(object, name), as: UTF8.self)
    }

    private static func encode(_ object: [String: Any], _ name: String) throws(JobMessageError) -> [UInt8] {
        do {
            return Array(try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]))
        } catch {
            throw JobMessageError(code: "not-json", message: "\(name) cannot be encoded as JSON: \(JobMessageError.line(error))")
        }
    }
}
