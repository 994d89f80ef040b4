import ExportCore

/// `files:` lists the files of an export.
struct FilesPlan {
    enum BodyUse: String, CaseIterable {
        case read
        /// The response headers hold everything; the body is the data itself and is not read.
        case ignore
    }

    /// `nil` if the items are in the status response, which is then requested again.
    let request: RequestTemplate?
    let items: Filter
    /// What the answer holds in place of a list.
    let data: DataPlan?
    let next: Filter?
    let refresh: Bool
    let bodyUse: BodyUse
    let none: EmptyListRule
    /// Whether the one file is the answer to the status request itself.
    let isAnswerItself: Bool
    let reading: AnswerReading
    /// The parts that the filters over the response read.
    let parts: ContextParts

    init?(_ field: Field, _ ready: StatusPlan.ReadyAnswer, ofGraphQL: Bool, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        let keys = RequestTemplate.keys + ["items", "next", "refresh", "body", "none", "error", "errors"] + DataPlan.keys
        guard let section = field.section(keys) else { return nil }
        for key in RequestTemplate.keys where key != "request" && section.has(key) && !section.has("request") {
            section[key]?.problem("\(key) without request", fix: "add request or remove \(key)")
        }
        reading = AnswerReading(section, defaults, compiler, isGraphQL: ofGraphQL && !section.has("request"))
        let request = section.has("request") ? RequestTemplate(section, compiler) : nil
        request?.redirects = RedirectRule.resolved(section, defaults, readsHTTPStatus: reading.readsHTTPStatus)
        self.request = request
        let isFile = ready == .download && request == nil
        data = DataPlan(section, compiler)
        isAnswerItself = isFile && !section.has("items") && !section.has("data")
        let items: Filter?
        if isAnswerItself {
            items = Self.itself(field, compiler)
        } else if section.has("data") {
            items = compiler.filter("empty", field)
        } else {
            let fix = "write a filter that returns the files, such as '.response.body.files[] | {name, url}'"
            items = section.required("items", fix: fix).flatMap { field in compiler.overAnswer { compiler.filter(field) } }
        }
        next = section["next"].flatMap { field in compiler.overAnswer { compiler.filter(field) } }
        refresh = section["refresh"]?.boolean() ?? false
        bodyUse = section["body"]?.word(BodyUse.self) ?? (isFile ? .ignore : .read)
        none = section["none"].flatMap { EmptyListRule($0) } ?? .failAfter(EmptyListRule.usualWait)
        guard let items else { return nil }
        self.items = items
        if data?.rules.isBody == true, let next, next.parts.contains(.body) {
            section["next"]?.problem("the body is the data and is not read", fix: "read .response.headers, or write a filter for data")
        }
        parts = [items.parts, data?.parts, next?.parts, reading.parts].compactMap(\.self).reduce(into: []) { $0.formUnion($1) }
    }

    /// The one file that the status request itself answers with.
    init?(readyAnswerOf status: Field, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        guard let items = Self.itself(status, compiler) else { return nil }
        (request, next, refresh, bodyUse, isAnswerItself, data) = (nil, nil, false, .ignore, true, nil)
        self.items = items
        none = .failAfter(EmptyListRule.usualWait)
        reading = AnswerReading(nil, defaults, compiler)
        parts = items.parts.union(reading.parts)
    }

    private static func itself(_ field: Field, _ compiler: FilterCompiler) -> Filter? {
        compiler.overAnswer { compiler.filter("{url: .request.url}", field) }
    }
}

extension EmptyListRule {
    static let usualWait = Duration.seconds(60)

    /// Reads `ok` or a duration.
    fileprivate init?(_ field: Field) {
        field.report.log?.note(field.path, .words(["ok"]))
        if field.node.scalar?.string == "ok" {
            self = .ok
        } else if field.node.scalar.flatMap({ Quantity.duration($0.string) }) == nil {
            field.problem(
                "neither ok nor a duration", fix: "write ok if an export may hold no file, or how long it may list none, such as 60s")
            return nil
        } else {
            guard let wait = field.duration(in: .milliseconds(1) ... .seconds(30 * 86_400)) else { return nil }
            self = .failAfter(wait)
        }
    }
}
