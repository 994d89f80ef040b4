import ExportCore
import JQ

/// The values of a response that are stored with the job for later requests: `{ NAME: filter }`.
struct ExportMapping {
    /// Bounded because the handle is stored with every waiting job.
    static let maxBytes = 8192

    let entries: [(key: String, filter: Filter)]

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: "write NAME: FILTER, such as id: .response.body.id")
            return nil
        }
        entries = section.fields.compactMap { entry in compiler.filter(entry.value).map { (entry.key, $0) } }
    }

    var parts: ContextParts { entries.reduce(into: []) { $0.formUnion($1.filter.parts) } }

    /// Adds the values to `base`.
    /// - Throws: `unexpected-answer`, permanent, if a filter gives null. `// empty` makes a value optional.
    func handle(_ context: JQValue, base: JQValue = .emptyObject) throws(Failure) -> String {
        var object = JQObjectBuilder(base)
        for entry in entries {
            guard let value = try entry.filter.first(context) else { continue }
            guard !value.isNull else {
                throw Failure(
                    .permanent, code: "unexpected-answer",
                    message: "\(entry.filter.field): \(entry.filter.program.filter) is null in the response")
            }
            object.set(entry.key, value)
        }
        let handle = object.build().json
        guard handle.utf8.count <= Self.maxBytes else {
            throw Failure(
                .permanent, code: "export-too-large", message: "the export handle is longer than \(Self.maxBytes) bytes")
        }
        return handle
    }
}
