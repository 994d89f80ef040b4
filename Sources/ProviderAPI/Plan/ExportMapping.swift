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
        entries = compiler.overAnswer {
            section.fields.compactMap { entry in compiler.filter(entry.value).map { (entry.key, $0) } }
        }
    }

    var parts: ContextParts { entries.reduce(into: []) { $0.formUnion($1.filter.parts) } }

    /// Adds the values to the handle of `sources`.
    /// - Throws: `unexpected-answer`, permanent, if a filter gives null. `// empty` makes a value optional. `invalid-handle`,
    ///   `export-too-large`.
    func handle(_ context: JQValue, _ sources: JSONSources, atMost limit: Int = maxBytes) throws(Failure) -> String {
        var members = try Self.members(sources.handle ?? "{}")
        for entry in entries {
            guard let value = try entry.filter.first(context) else { continue }
            guard !value.isNull else {
                throw Failure(
                    .permanent, code: "unexpected-answer",
                    message: "\(entry.filter.field): \(entry.filter.program.filter) is null in the response")
            }
            members.removeAll { $0.key == entry.key }
            members.append((entry.key, sources.json(value, of: entry.filter)))
        }
        let handle = "{" + members.map { JQValue($0.key).json + ":" + $0.json }.joined(separator: ",") + "}"
        guard handle.utf8.count <= limit else {
            throw Failure(
                .permanent, code: "export-too-large", message: "the export handle is longer than \(limit) bytes")
        }
        return handle
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
