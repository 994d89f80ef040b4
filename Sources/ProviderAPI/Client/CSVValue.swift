import JQ

/// CSV (RFC 4180) as a list of objects: the first row holds their keys, and every value is text.
///
/// The separator is the comma, semicolon or tab that the first row has most of.
enum CSVValue {
    /// - Throws: a row that has another number of fields than the first, a name that is there twice, a quote that is not closed.
    static func read(_ bytes: [UInt8]) throws(UnreadableAnswer) -> JQValue {
        var rows = CSVRows(bytes)
        guard let names = try rows.next() else { return JQValue([]) }
        guard Set(names).count == names.count else { throw UnreadableAnswer(message: "two columns have the same name") }
        let keys = names.map { JQValue($0) }
        var values: [JQValue] = []
        while let row = try rows.next() {
            guard row.count == names.count else {
                throw UnreadableAnswer(message: "row \(values.count + 2) has \(row.count) fields, the first has \(names.count)")
            }
            var object = JQObjectBuilder()
            for (key, value) in zip(keys, row) { object.set(key, JQValue(value)) }
            values.append(object.build())
        }
        return JQValue(values)
    }
}

/// The rows of a CSV text. Blank lines are skipped.
private struct CSVRows {
    private let bytes: [UInt8]
    private var index = 0
    private let separator: UInt8

    private static let quote = UInt8(ascii: "\""), lineFeed = UInt8(ascii: "\n"), carriageReturn = UInt8(ascii: "\r")

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let first = bytes.prefix { $0 != Self.lineFeed }
        let separators = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
        separator = separators.max { one, other in first.count { $0 == one } < first.count { $0 == other } } ?? UInt8(ascii: ",")
    }

    mutating func next() throws(UnreadableAnswer) -> [String]? {
        while index < bytes.count, bytes[index] == Self.lineFeed || bytes[index] == Self.carriageReturn { index += 1 }
        guard index < bytes.count else { return nil }
        var row: [String] = []
        while true {
            row.append(try field())
            guard index < bytes.count, bytes[index] == separator else { break }
            index += 1
        }
        return row
    }

    private mutating func field() throws(UnreadableAnswer) -> String {
        guard index < bytes.count, bytes[index] == Self.quote else {
            let start = index
            while index < bytes.count, bytes[index] != separator, bytes[index] != Self.lineFeed, bytes[index] != Self.carriageReturn {
                index += 1
            }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }
        index += 1
        var value: [UInt8] = []
        while index < bytes.count {
            if bytes[index] == Self.quote {
                index += 1
                guard index < bytes.count, bytes[index] == Self.quote else { return try quoted(value) }
            }
            value.append(bytes[index])
            index += 1
        }
        throw UnreadableAnswer(message: "a quote is not closed")
    }

    private func quoted(_ value: [UInt8]) throws(UnreadableAnswer) -> String {
        let isEnd = index == bytes.count || [separator, Self.lineFeed, Self.carriageReturn].contains(bytes[index])
        guard isEnd else { throw UnreadableAnswer(message: "text follows a closed quote") }
        return String(decoding: value, as: UTF8.self)
    }
}
