import Encoding
import ExportCore
import JQ

/// A compiled text of the provider file that contains `{{ filter }}`.
struct Template {
    enum Piece {
        case text(String)
        case filter(Filter, Encoding)
    }

    /// How a filter's value is encoded in a URL or in XML.
    enum Encoding {
        case none
        /// Everything but the unreserved characters of RFC 3986, section 2.3, is percent-encoded.
        case percent
        /// What is markup in XML becomes an entity.
        case xml

        /// A filter that uses `@uri` or `@html` encodes its value itself, and one that ends in `@text` asks for no encoding.
        init(of filter: String, default encoding: Encoding) {
            let isEncoded = filter.contains(encoding == .xml ? "@html" : "@uri")
            self = isEncoded || filter.hasSuffix("@text") ? .none : encoding
        }

        func encoded(_ value: String) -> String {
            switch self {
            case .none: value
            case .percent: PercentEncoding.encoded(value)
            case .xml: XMLText.escaped(value)
            }
        }
    }

    let pieces: [Piece]
    let field: String
    let parts: ContextParts

    init(pieces: [Piece], field: String) {
        self.pieces = pieces
        self.field = field
        parts = pieces.reduce(into: []) { if case .filter(let filter, _) = $1 { $0.formUnion(filter.parts) } }
    }

    var usesSecrets: Bool { parts.contains(.secrets) }

    /// The names of the secrets in it.
    var secretNames: Set<String> {
        let filters = pieces.compactMap { piece in if case .filter(let filter, _) = piece { filter.program.filter } else { nil } }
        return Set(filters.flatMap { $0.matches(of: /\.secrets\.([A-Za-z_][A-Za-z0-9_]*)/).map { String($0.1) } })
    }

    /// The text itself, if it contains no filter.
    var literal: String? {
        if pieces.isEmpty { return "" }
        guard pieces.count == 1, case .text(let text) = pieces[0] else { return nil }
        return text
    }

    /// JSON text of the typed value if the template is a single filter, otherwise of a string; `nil` if that filter gives no output.
    func json(_ context: JQValue, _ sources: JSONSources) throws(Failure) -> String? {
        guard pieces.count == 1, case .filter(let filter, _) = pieces[0] else {
            return JQValue(try text(context, sources) ?? "").json
        }
        return try filter.first(context).map { sources.json($0, of: filter) }
    }

    /// The text; `nil` if the template is a single filter that gives no output (`empty`): the header, parameter or field is left out.
    /// - Throws: `missing-value`, permanent, naming a filter that gives null, or no output inside a text; `filter-failed`.
    func text(_ context: JQValue, _ sources: JSONSources = JSONSources()) throws(Failure) -> String? {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let literal): text += literal
            case .filter(let filter, let encoding):
                guard let value = try filter.first(context) else {
                    if pieces.count == 1 { return nil }
                    throw missing(filter, "no output")
                }
                if value.isNull { throw missing(filter, "null") }
                let inserted = value.string ?? sources.json(value, of: filter)
                text += encoding.encoded(inserted)
            }
        }
        return text
    }

    /// The texts of a parameter that may be repeated: one for each output of a template that is a single filter.
    /// - Throws: as `text`.
    func texts(_ context: JQValue, _ sources: JSONSources) throws(Failure) -> [String] {
        guard pieces.count == 1, case .filter(let filter, _) = pieces[0] else { return try text(context, sources).map { [$0] } ?? [] }
        var texts: [String] = []
        for value in try filter.all(context) {
            if value.isNull { throw missing(filter, "null") }
            texts.append(value.string ?? sources.json(value, of: filter))
        }
        return texts
    }

    func missing(_ filter: Filter, _ what: String) -> Failure {
        Failure(.permanent, code: "missing-value", message: "\(field): {{ \(filter.program.filter) }} gives \(what)")
    }
}
