import Encoding
import JQ

/// One schema of JSON Schema draft-07, as far as parameters of exports need it.
struct SchemaNode: Sendable {
    enum Kind: String, CaseIterable {
        case string, number, integer, boolean, array, object, null
    }

    /// Empty: any.
    private(set) var kinds: [Kind] = []
    /// JSON texts in canonical form; empty: any.
    private(set) var allowed: [String] = []
    private(set) var pattern: String?
    private(set) var lengths: ClosedRange<Int>?
    private(set) var minimum: Double?, maximum: Double?
    private(set) var exclusiveMinimum: Double?, exclusiveMaximum: Double?
    private(set) var properties: [(name: String, schema: SchemaNode)] = []
    private(set) var required: [String] = []
    private(set) var allowsOthers = true
    /// At most one: the schema of the elements.
    private(set) var items: [SchemaNode] = []
    /// JSON text.
    private(set) var standard: String?
    private(set) var description: String?

    /// Says something to people, and nothing to programs.
    private static let annotations = ["title", "examples", "$schema", "$id", "$comment", "format"]
    private static let keywords = [
        "type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "properties", "required", "additionalProperties", "items", "default", "description",
    ]

    /// - Throws: what is wrong with the schema, and where.
    init(_ value: JQValue, _ path: String) throws(SchemaError) {
        guard let entries = value.entries else {
            throw SchemaError(path: path, message: "a schema is a mapping", fix: "write { type: string }")
        }
        for (key, value) in entries {
            let place = "\(path).\(key)"
            switch key {
            case "type": kinds = try Self.kinds(value, place)
            case "enum": allowed = try Self.list(value, place).map { Self.canonical($0) }
            case "const": allowed = [Self.canonical(value)]
            case "pattern": pattern = try Self.pattern(value, place)
            case "minLength": lengths = try Self.count(value, place)...(lengths?.upperBound ?? .max)
            case "maxLength": lengths = (lengths?.lowerBound ?? 0)...(try Self.count(value, place))
            case "minimum": minimum = try Self.number(value, place)
            case "maximum": maximum = try Self.number(value, place)
            case "exclusiveMinimum": exclusiveMinimum = try Self.number(value, place)
            case "exclusiveMaximum": exclusiveMaximum = try Self.number(value, place)
            case "properties":
                guard let entries = value.entries else {
                    throw SchemaError(path: place, message: "not a mapping", fix: "write NAME: { type: … }")
                }
                for entry in entries { properties.append((entry.key, try SchemaNode(entry.value, "\(place).\(entry.key)"))) }
            case "required":
                for name in try Self.list(value, place) {
                    guard let name = name.string else {
                        throw SchemaError(path: place, message: "not a list of names", fix: "write [a, b]")
                    }
                    required.append(name)
                }
            case "additionalProperties":
                guard let allows = value.boolean else { throw SchemaError(path: place, message: "not true or false", fix: "write false") }
                allowsOthers = allows
            case "items": items = [try SchemaNode(value, place)]
            case "default": standard = value.json
            case "description": description = value.string
            case _ where Self.annotations.contains(key): break
            default:
                let near = Spelling.nearest(to: key, in: Self.keywords)
                let isText = key.contains(" ") ? "quote the text before it: in braces, a comma ends a text that is not quoted" : nil
                let fix = isText ?? near.map { "did you mean \"\($0)\"?" } ?? "the keywords are \(Self.keywords.joined(separator: ", "))"
                throw SchemaError(path: place, message: "unknown keyword \"\(key)\"", fix: fix)
            }
        }
        if let unknown = required.first(where: { name in !properties.contains { $0.name == name } }), !properties.isEmpty {
            throw SchemaError(path: "\(path).required", message: "\(unknown) is no property", fix: "add it to properties")
        }
    }
}

extension SchemaNode {
    private static func kinds(_ value: JQValue, _ path: String) throws(SchemaError) -> [Kind] {
        var kinds: [Kind] = []
        for word in value.elements ?? [value] {
            guard let kind = word.string.flatMap(Kind.init) else {
                let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw SchemaError(path: path, message: "unknown type \(word.text)", fix: "write one of \(known)")
            }
            kinds.append(kind)
        }
        return kinds
    }

    private static func list(_ value: JQValue, _ path: String) throws(SchemaError) -> [JQValue] {
        guard let elements = value.elements, !elements.isEmpty else {
            throw SchemaError(path: path, message: "not a list", fix: "write [a, b]")
        }
        return elements
    }

    private static func number(_ value: JQValue, _ path: String) throws(SchemaError) -> Double {
        guard let number = value.number else { throw SchemaError(path: path, message: "not a number", fix: "write a number") }
        return number
    }

    private static func count(_ value: JQValue, _ path: String) throws(SchemaError) -> Int {
        let number = try number(value, path)
        guard number >= 0, number < 1e9, number == number.rounded() else {
            throw SchemaError(path: path, message: "not a count", fix: "write a whole number from 0 on")
        }
        return Int(number)
    }

    private static func pattern(_ value: JQValue, _ path: String) throws(SchemaError) -> String {
        guard let text = value.string, (try? Regex(text)) != nil else {
            throw SchemaError(path: path, message: "not a regular expression", fix: "check it; quote it in YAML")
        }
        return text
    }

    static func canonical(_ value: JQValue) -> String { SortedJSON.text(value.json, .byValue) ?? value.json }
}

/// A schema that cannot be used.
struct SchemaError: Error {
    let path: String
    let message: String
    let fix: String
}
