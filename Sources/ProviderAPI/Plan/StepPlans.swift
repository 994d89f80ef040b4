import ExportCore

/// `create:` starts an export.
struct CreatePlan {
    let request: RequestTemplate
    let export: ExportMapping
    /// Detects that the response names an existing export, and extracts the values to store.
    let adopt: (when: Filter, export: ExportMapping)?
    let error: ErrorRules
    /// The parts that the filters over the response read.
    let parts: ContextParts

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(RequestTemplate.keys + ["export", "adopt", "error"]) else { return nil }
        let request = RequestTemplate(section, compiler)
        let fix = "write what later requests need, such as { id: .response.body.id }"
        let export = section.required("export", fix: fix).flatMap { ExportMapping($0, compiler) }
        adopt = section["adopt"].flatMap { Self.adopt($0, compiler) }
        error = ErrorRules(section["error"], compiler)
        guard let request, let export else { return nil }
        self.request = request
        self.export = export
        parts = export.parts.union(error.parts).union(adopt.map { $0.when.parts.union($0.export.parts) } ?? [])
    }

    /// Whether each export of a job has a different idempotency key, or none has a key.
    var tellsExportsApart: Bool {
        let keys = request.headers.filter { $0.name.lowercased() == "idempotency-key" }
        return keys.allSatisfy { header in
            header.value.pieces.contains { piece in
                guard case .filter(let filter, _) = piece else { return false }
                return [".job.idempotencyKey", ".job.creation"].contains { filter.program.filter.contains($0) }
            }
        }
    }

    private static func adopt(_ field: Field, _ compiler: FilterCompiler) -> (when: Filter, export: ExportMapping)? {
        guard let section = field.section(["when", "export"]) else { return nil }
        let when = section.required("when", fix: "write a filter such as .response.status == 409").flatMap { compiler.filter($0) }
        let fix = "write filters that read the existing export from the response, such as { id: .response.body.existingId }"
        let export = section.required("export", fix: fix).flatMap { ExportMapping($0, compiler) }
        guard let when, let export else { return nil }
        return (when, export)
    }
}

/// `find:` looks for an export that an earlier create may have started.
struct FindPlan {
    let request: RequestTemplate
    let when: Filter?
    let export: ExportMapping

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(RequestTemplate.keys + ["when", "export"]) else { return nil }
        let request = RequestTemplate(section, compiler)
        when = section["when"].flatMap { compiler.filter($0) }
        let fix = "write filters that read the export from the response, such as { id: .response.body[0].id }"
        let export = section.required("export", fix: fix).flatMap { ExportMapping($0, compiler) }
        guard let request, let export else { return nil }
        self.request = request
        self.export = export
    }
}

/// `status:` requests the status of an export.
struct StatusPlan {
    let request: RequestTemplate
    let state: Filter
    let words: StatusWords
    let progress: Filter?
    let export: ExportMapping?
    let error: ErrorRules
    /// Whether the state filter reads the HTTP code. If so, a response that is not a 2xx can be a state too.
    let readsHTTPStatus: Bool
    /// The parts that the filters over the response read.
    let parts: ContextParts

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(RequestTemplate.keys + ["state", "states", "progress", "export", "error"]) else { return nil }
        let request = RequestTemplate(section, compiler)
        let fix = "write a filter that reads the state from the response, such as .response.body.status or .response.status"
        let state = section.required("state", fix: fix).flatMap { compiler.filter($0) }
        let words = StatusWords(section)
        progress = section["progress"].flatMap { compiler.filter($0) }
        export = section["export"].flatMap { ExportMapping($0, compiler) }
        error = ErrorRules(section["error"], compiler)
        guard let request, let state, let words else { return nil }
        self.request = request
        self.state = state
        self.words = words
        readsHTTPStatus = state.program.filter.contains(".response.status")
        parts = [state.parts, progress?.parts, export?.parts, error.parts].compactMap(\.self).reduce(into: []) { $0.formUnion($1) }
    }
}

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
    let next: Filter?
    let refresh: Bool
    let bodyUse: BodyUse
    let error: ErrorRules
    /// The parts that the filters over the response read.
    let parts: ContextParts

    init?(_ field: Field, _ compiler: FilterCompiler) {
        let keys = RequestTemplate.keys + ["items", "next", "refresh", "body", "error"]
        guard let section = field.section(keys) else { return nil }
        for key in RequestTemplate.keys where key != "request" && section.has(key) && !section.has("request") {
            section[key]?.problem("\(key) without request", fix: "add request or remove \(key)")
        }
        request = section.has("request") ? RequestTemplate(section, compiler) : nil
        let fix = "write a filter that returns the files, such as '.response.body.files[] | {name, url}'"
        let items = section.required("items", fix: fix).flatMap { compiler.filter($0) }
        next = section["next"].flatMap { compiler.filter($0) }
        refresh = section["refresh"]?.boolean() ?? false
        bodyUse = section["body"]?.word(BodyUse.self) ?? .read
        error = ErrorRules(section["error"], compiler)
        guard let items else { return nil }
        self.items = items
        parts = [items.parts, next?.parts, error.parts].compactMap(\.self).reduce(into: []) { $0.formUnion($1) }
    }
}

/// `cancel:` is a request line or a request.
struct CancelPlan {
    let request: RequestTemplate

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard field.node.scalar == nil else {
            guard let line = RequestLine(field, compiler) else { return nil }
            request = RequestTemplate(line)
            return
        }
        guard let section = field.section(RequestTemplate.keys), let request = RequestTemplate(section, compiler) else { return nil }
        self.request = request
    }
}
