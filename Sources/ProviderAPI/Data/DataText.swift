import Encoding
import ExportCore
import Foundation
import JQ

/// The bytes that a page's value becomes.
struct DataText {
    let form: DataRules.Form
    let field: String
    /// Those of the answer that were numbers.
    let integers: ExactIntegers

    /// - Parameter columns: of CSV: as the file or an earlier page has them; `nil`: this page has the first rows.
    /// - Throws: `unexpected-answer`, transient, for a value of another kind; `unexpected-columns`, permanent.
    func bytes(_ value: JQValue, columns: inout [String]?) throws(Failure) -> [UInt8] {
        switch form {
        case .text:
            guard !value.isNull else { throw wrong(value, "text") }
            return Array((value.string ?? json(value)).utf8)
        case .base64:
            guard let data = value.string.flatMap(Self.base64) else { throw wrong(value, "base64") }
            return Array(data)
        case .json: return Array(json(value).utf8)
        case .ndjson:
            guard let rows = value.elements else { throw wrong(value, "a list") }
            return rows.reduce(into: []) { $0 += Array(json($1).utf8) + [UInt8(ascii: "\n")] }
        case .csv:
            guard let rows = value.elements else { throw wrong(value, "a list of rows") }
            return try csv(rows, &columns)
        }
    }

    /// With or without line breaks and padding, in both alphabets (RFC 4648, sections 4 and 5).
    private static func base64(_ text: String) -> Data? {
        var plain = text.filter { !$0.isWhitespace }.replacing("-", with: "+").replacing("_", with: "/")
        while plain.hasSuffix("=") { plain.removeLast() }
        plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain)
    }

    private func csv(_ rows: [JQValue], _ columns: inout [String]?) throws(Failure) -> [UInt8] {
        var text: [UInt8] = []
        if let first = rows.first, first.kind == .object {
            if columns == nil { columns = Self.columns(rows) }
            Self.append(columns ?? [], to: &text)
        }
        for row in rows {
            if let elements = row.elements {
                Self.append(elements.map(cell), to: &text)
            } else if let entries = row.entries {
                var cells: [String: String] = [:]
                for entry in entries { cells[entry.key] = cell(entry.value) }
                let names = columns ?? []
                if let unknown = entries.first(where: { !names.contains($0.key) })?.key {
                    throw Failure(
                        .permanent, code: "unexpected-columns",
                        message:
                            "\(field): a row has the key \"\(unknown.prefix(100))\", which the first page has not; name all in files.columns"
                    )
                }
                Self.append(names.map { cells[$0] ?? "" }, to: &text)
            } else {
                throw wrong(row, "a row: an object or a list")
            }
        }
        return text
    }

    /// The keys of the rows in the order of their appearance.
    private static func columns(_ rows: [JQValue]) -> [String] {
        var names: [String] = []
        var known: Set<String> = []
        for row in rows {
            for entry in row.entries ?? [] where known.insert(entry.key).inserted { names.append(entry.key) }
        }
        return names
    }

    private func cell(_ value: JQValue) -> String { value.isNull ? "" : value.string ?? json(value) }

    private func json(_ value: JQValue) -> String {
        let json = value.json
        return ExactIntegers.mayBe(in: json) ? integers.restored(json) : json
    }

    /// RFC 4180, with line feeds.
    private static func append(_ cells: [String], to text: inout [UInt8]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            let isPlain = !cell.utf8.contains { [UInt8(ascii: ","), quote, 0x0A, 0x0D].contains($0) }
            // By bytes: a mark that follows a quote makes one character with it.
            text += isPlain ? Array(cell.utf8) : [quote] + cell.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
        }
        text.append(UInt8(ascii: "\n"))
    }

    private static let quote = UInt8(ascii: "\"")

    private func wrong(_ value: JQValue, _ expected: String) -> Failure {
        Failure(.transient, code: "unexpected-answer", message: "\(field): the answer holds \(value.kind) where \(expected) is expected")
    }
}
