import ExportCore

/// `status:` requests the status of an export. A class, so that a status check passes on a reference instead of a copy.
final class StatusPlan {
    /// What the ready answer is.
    enum ReadyAnswer: String, CaseIterable {
        /// An answer of the API that says so.
        case answer
        /// The file itself: only the head of such an answer is read.
        case download
    }

    let request: RequestTemplate
    let state: Filter
    let words: StatusWords
    let progress: Filter?
    /// When the export became ready, as the ready answer says it.
    let readyAt: Filter?
    let export: ExportMapping?
    /// What each answer may change of the handle.
    let update: ExportMapping?
    let reading: AnswerReading
    let ready: ReadyAnswer
    /// Whether the state filter reads the HTTP code. If so, a response that is not a 2xx can be a state too.
    let readsHTTPStatus: Bool
    /// The parts that the filters over the response read.
    let parts: ContextParts
    /// How several exports are asked for at once.
    private(set) var batch: BatchPlan?

    /// - Parameter isLast: whether the files follow; otherwise it is an entry of `steps`.
    init?(_ field: Field, isLast: Bool = true, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        let keys =
            RequestTemplate.keys + ["state", "states", "progress", "export", "update", "error", "errors"]
            + (isLast ? ["ready", "readyAt", "batch"] : [])
        guard let section = field.section(keys) else { return nil }
        let request = RequestTemplate(section, compiler)
        let ready = Self.readyAnswer(section)
        self.ready = ready
        let state = compiler.overAnswer { Self.state(section, ready, compiler) }
        let words = ready == .download && !section.has("states") ? StatusWords.ofDownload : StatusWords(section)
        progress = section["progress"].flatMap { field in compiler.overAnswer { compiler.filter(field) } }
        readyAt = section["readyAt"].flatMap { field in compiler.overAnswer { compiler.filter(field) } }
        export = section["export"].flatMap { ExportMapping($0, compiler) }
        update = section["update"].flatMap { ExportMapping($0, compiler) }
        reading = AnswerReading(section, defaults, compiler)
        let readsStatus = state?.readsHTTPStatus ?? false
        let listsRedirect = words?.listsRedirect ?? false
        let redirects = RedirectRule.resolved(
            section, defaults, readsHTTPStatus: readsStatus || listsRedirect || reading.readsHTTPStatus)
        guard let request, let state, let words else { return nil }
        request.redirects = redirects
        self.request = request
        self.state = state
        self.words = words
        readsHTTPStatus = readsStatus
        parts = Self.parts(state, [progress, readyAt], [export, update], reading)
        guard let field = section["batch"] else { return }
        if ready == .download {
            field.problem("an answer that is the file itself cannot stand for several exports", fix: "remove batch")
        }
        batch = BatchPlan(field, self, defaults, compiler)
    }

    /// What `batch` may read otherwise in its items.
    static let itemKeys = ["state", "states", "progress", "readyAt", "export", "update"]

    /// The same for an item of a batch: it stands where the body of the answer stands.
    init?(itemsOf status: StatusPlan, _ section: Section, _ compiler: FilterCompiler) {
        request = status.request
        ready = .answer
        readsHTTPStatus = false
        func filter(_ key: String, _ inherited: Filter?) -> Filter? { section[key].map { compiler.filter($0) } ?? inherited }
        func mapping(_ key: String, _ inherited: ExportMapping?) -> ExportMapping? {
            section[key].map { ExportMapping($0, compiler) } ?? inherited
        }
        let state = filter("state", status.state), words = section.has("states") ? StatusWords(section, isOptional: true) : status.words
        progress = filter("progress", status.progress)
        readyAt = filter("readyAt", status.readyAt)
        export = mapping("export", status.export)
        update = mapping("update", status.update)
        reading = status.reading
        guard let state, let words else { return nil }
        if status.readsHTTPStatus, !section.has("state") {
            section.field.problem("status.state reads the HTTP code, which an item does not have", fix: "add state: .item.status")
        }
        (self.state, self.words) = (state, words)
        parts = Self.parts(state, [progress, readyAt], [export, update], reading)
    }

    private static func parts(
        _ state: Filter, _ filters: [Filter?], _ mappings: [ExportMapping?], _ reading: AnswerReading
    ) -> ContextParts {
        let all = [state.parts, reading.parts] + filters.compactMap(\.?.parts) + mappings.compactMap(\.?.parts)
        return all.reduce(into: []) { $0.formUnion($1) }
    }

    private static func readyAnswer(_ section: Section) -> ReadyAnswer {
        guard let field = section["ready"] else { return .answer }
        guard field.text() == ReadyAnswer.download.rawValue else {
            field.problem("an unknown value", fix: "write download if the ready answer is the file itself, or remove the key")
            return .answer
        }
        return .download
    }

    private static func state(_ section: Section, _ ready: ReadyAnswer, _ compiler: FilterCompiler) -> Filter? {
        if ready == .download, !section.has("state") { return compiler.filter(".response.status", section.field) }
        let fix = "write a filter that reads the state from the response, such as .response.body.status or .response.status"
        return section.required("state", fix: fix).flatMap { compiler.filter($0) }
    }
}
