import ExportCore

/// `status.batch:` asks for several exports with one request. A class, as `StatusPlan` is.
final class BatchPlan {
    let request: RequestTemplate
    /// Gives the exports of the answer: a list, or one after the other.
    let items: Filter
    /// Of an item, and of an export: those that are equal belong together.
    let id: Filter
    let exportID: Filter
    let rules: BatchRules
    let reading: AnswerReading
    /// How an item is read: `status` with the filters that `batch` replaces.
    let item: StatusPlan
    /// The parts that the filters over the whole answer read.
    let parts: ContextParts

    static let keys = RequestTemplate.keys + ["items", "id", "exportId", "size", "wait", "errors", "error"] + StatusPlan.itemKeys

    /// - Parameters:
    ///   - section: of `status.batch`.
    ///   - status: what is inherited.
    init?(_ field: Field, _ status: StatusPlan, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        guard let section = field.section(Self.keys) else { return nil }
        let request = compiler.having([.secrets, .ids, .exports]) { RequestTemplate(section, compiler) }
        let items = section.required("items", fix: "write a filter that gives the exports of the answer, such as .response.body.exports")
            .flatMap {
                field in compiler.having([.secrets, .ids, .exports, .answer]) { compiler.filter(field) }
            }
        let id = section.required("id", fix: "write a filter that gives the id of an item, such as .item.id").flatMap { field in
            compiler.having([.item]) { compiler.filter(field) }
        }
        let exportID = compiler.having([.export]) {
            section.has("exportId") ? section["exportId"].flatMap { compiler.filter($0) } : compiler.filter(".export.id", field)
        }
        let size = section["size"]?.integer(in: 2...10_000) ?? BatchRules.usualSize
        let wait = section["wait"]?.duration(in: .milliseconds(1) ... .seconds(60)) ?? BatchRules.usualWait
        reading = compiler.having([.secrets, .ids, .exports, .answer]) { AnswerReading(section, defaults, compiler) }
        let redirects = RedirectRule.resolved(section, defaults, readsHTTPStatus: reading.readsHTTPStatus)
        let item = compiler.having([.anywhere, .export, .answer, .item]) { StatusPlan(itemsOf: status, section, compiler) }
        guard let request, let items, let id, let exportID, let item else { return nil }
        request.redirects = redirects
        (self.request, self.items, self.id, self.exportID, self.item) = (request, items, id, exportID, item)
        rules = BatchRules(size: size, wait: wait)
        parts = items.parts.union(reading.parts)
    }
}

/// How status checks are gathered.
public struct BatchRules: Sendable, Equatable {
    /// The most exports of one request.
    public var size: Int
    /// How long a due check waits for others.
    public var wait: Duration

    static let usualSize = 100
    static let usualWait = Duration.milliseconds(500)
}
