import ExportCore
import JQ

/// The values of a response that are stored with the job for later requests: `{ NAME: filter }`.
struct ExportMapping {
    /// Bounded because the handle is stored with every waiting job.
    static let maxBytes = 8192

    let entries: [(key: String, filter: Filter)]
    /// The names as written, also of filters that do not compile.
    let names: [String]

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: "write NAME: FILTER, such as id: .response.body.id")
            return nil
        }
        names = section.fields.map(\.key)
        for entry in section.fields where entry.key == ExportHandle.notesName {
            entry.value.problem("the name \(entry.key) is used by Longhaul itself", fix: "choose another name")
        }
        entries = compiler.overAnswer {
            section.fields.compactMap { entry in compiler.filter(entry.value).map { (entry.key, $0) } }
        }
    }

    var parts: ContextParts { entries.reduce(into: []) { $0.formUnion($1.filter.parts) } }

    /// Adds the values to the handle of `sources`.
    /// - Throws: `unexpected-answer`, permanent, if a filter gives null. `// empty` makes a value optional. `invalid-handle`,
    ///   `export-too-large`.
    func handle(_ context: JQValue, _ sources: JSONSources, atMost limit: Int = maxBytes) throws(Failure) -> String {
        var added: [(key: String, json: String)] = []
        for entry in entries {
            guard let value = try entry.filter.first(context) else { continue }
            guard !value.isNull else {
                throw Failure(
                    .permanent, code: "unexpected-answer",
                    message: "\(entry.filter.field): \(entry.filter.program.filter) is null in the response")
            }
            added.append((entry.key, sources.json(value, of: entry.filter)))
        }
        return try Self.handle(sources.handle, adding: added, atMost: limit)
    }

    /// Adds the values that the answer has. A filter that fails, or gives null or nothing, changes nothing.
    /// - Throws: `invalid-handle`, `export-too-large`.
    func update(_ context: JQValue, _ sources: JSONSources) throws(Failure) -> String {
        var added: [(key: String, json: String)] = []
        for entry in entries {
            guard let value = try? entry.filter.first(context), !value.isNull else { continue }
            added.append((entry.key, sources.json(value, of: entry.filter)))
        }
        return try Self.handle(sources.handle, adding: added, atMost: Self.maxBytes)
    }

    private static func handle(
        _ known: String?, adding added: [(key: String, json: String)], atMost limit: Int
    ) throws(Failure) -> String {
        var handle = ExportHandle(known ?? "{}")
        var members = try members(handle.values)
        for entry in added {
            members.removeAll { $0.key == entry.key }
            members.append(entry)
        }
        handle.values = "{" + members.map { JQValue($0.key).json + ":" + $0.json }.joined(separator: ",") + "}"
        let text = handle.text
        guard text.utf8.count <= limit else {
            throw Failure(
                .permanent, code: "export-too-large", message: "the export handle is longer than \(limit) bytes")
        }
        return text
    }

    private static func members(_ handle: String) throws(Failure) -> [(key: String, json: String)] {
        var integers = ExactIntegers()
        integers.insert(numbersIn: handle)
        guard let entries = (try? JQValue(json: handle))?.entries else {
            throw Failure(.permanent, code: "invalid-handle", message: "the export handle: not a JSON object")
        }
        return entries.map { ($0.key, integers.restored($0.value.json)) }
    }
}
