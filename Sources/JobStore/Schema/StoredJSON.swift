import Foundation

/// Values that the store keeps as JSON and that are too rare for a codec of their own.
enum StoredJSON {
    static func encode(_ value: some Encodable, _ attempted: String) throws(JobStoreError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw JobStoreError(kind: .unexpectedReply("\(error)"), attempted: attempted)
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ attempted: String) throws(JobStoreError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw JobStoreError(kind: .unexpectedReply("\(error)"), attempted: attempted)
        }
    }
}
