import ExportCore

/// `files.data` — the answers hold the data itself.
struct DataPlan {
    enum Source {
        /// The answer as it is served.
        case body
        case filter(Filter)
    }

    static let keys = ["data", "as", "name", "join", "columns"]

    let source: Source
    let name: Template?
    /// The columns of CSV, where the file names them.
    let columns: [String]?
    let rules: DataRules

    init?(_ section: Section, _ compiler: FilterCompiler) {
        guard let field = section["data"] else {
            for key in Self.keys { section[key]?.problem("\(key) without data", fix: "add data, or remove \(key)") }
            return nil
        }
        section["items"]?.problem("both data and items", fix: "remove one: the answer holds the data, or it lists files")
        for key in ["refresh", "body", "none"] {
            section[key]?.problem("\(key) has no meaning beside data", fix: "remove it")
        }
        let isBody = field.node.scalar?.string == "body"
        let form = section["as"]?.word(DataRules.Form.self) ?? .text
        if isBody, form == .base64 || form == .json {
            section["as"]?.problem(
                "the body is stored as it is served", fix: "remove as, or write a filter for data, such as .response.body")
        }
        name = section["name"].flatMap { compiler.requestText($0) }
        columns = section["columns"]?.elements.compactMap { $0.text() }
        if columns != nil, isBody || form != .csv {
            section["columns"]?.problem("columns are those of rows", fix: "write as: csv and a filter for data")
        }
        let joins = section["join"]?.boolean() ?? false
        if joins, !section.has("next") { section["join"]?.problem("join without next: there is one page", fix: "add next, or remove join") }
        rules = DataRules(form: form, joins: joins, isPaged: section.has("next"), isBody: isBody)
        if isBody {
            source = .body
        } else {
            guard let filter = compiler.overAnswer({ compiler.filter(field) }) else { return nil }
            source = .filter(filter)
        }
    }

    /// The parts that the name reads, and those that the filter over the answer reads.
    var nameParts: ContextParts { name?.parts ?? [] }
    var parts: ContextParts { if case .filter(let filter) = source { filter.parts } else { [] } }
}
