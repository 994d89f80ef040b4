import ExportCore

/// `create:` starts an export.
struct CreatePlan {
    let request: RequestTemplate
    let export: ExportMapping
    /// Detects that the response names an existing export, and extracts the values to store.
    let adopt: AdoptRule?
    let reading: AnswerReading
    /// Whether the API itself ensures, in a way that the file does not show, that a repeated create starts nothing.
    let isIdempotent: Bool
    /// The parts that the filters over the response read.
    let parts: ContextParts

    init?(_ field: Field, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        let keys = RequestTemplate.keys + ["export", "adopt", "error", "errors", "idempotent"]
        guard let section = field.section(keys) else { return nil }
        let request = RequestTemplate(section, compiler)
        let fix = "write what later requests need, such as { id: .response.body.id }"
        let export = section.required("export", fix: fix).flatMap { ExportMapping($0, compiler) }
        adopt = section["adopt"].flatMap { AdoptRule($0, compiler) }
        reading = AnswerReading(section, defaults, compiler)
        isIdempotent = section["idempotent"]?.boolean() ?? false
        let readsStatus = reading.readsHTTPStatus || adopt?.when.readsHTTPStatus ?? false
        let redirects = RedirectRule.resolved(section, defaults, readsHTTPStatus: readsStatus)
        guard let request, let export else { return nil }
        request.redirects = redirects
        self.request = request
        self.export = export
        parts = export.parts.union(reading.parts).union(adopt?.parts ?? [])
    }

    /// Whether each export of a job has a different idempotency key, or none has a key.
    var tellsExportsApart: Bool {
        let keys = request.headers.filter { $0.name.lowercased() == "idempotency-key" }
        return !isIdempotent && keys.isEmpty || request.names([".job.idempotencyKey", ".job.creation"])
    }

    /// Whether the request carries the job's own key, under whatever name.
    var hasKey: Bool { request.hasHeader("idempotency-key") || request.names([".job.idempotencyKey"]) }
}

/// `adopt:` — recognises an answer that names an existing export, and what to store of it.
struct AdoptRule {
    let when: Filter
    let export: ExportMapping

    var parts: ContextParts { when.parts.union(export.parts) }

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(["when", "export"]) else { return nil }
        let when = section.required("when", fix: "write a filter such as .response.status == 409").flatMap { field in
            compiler.overAnswer { compiler.filter(field) }
        }
        let fix = "write filters that read the existing export from the response, such as { id: .response.body.existingId }"
        let export = section.required("export", fix: fix).flatMap { ExportMapping($0, compiler) }
        guard let when, let export else { return nil }
        (self.when, self.export) = (when, export)
    }
}

/// `find:` looks for an export that an earlier create may have started.
struct FindPlan {
    let request: RequestTemplate
    let when: Filter?
    let export: ExportMapping
    let reading: AnswerReading
    /// The parts that the filters over the response read.
    let parts: ContextParts

    init?(_ field: Field, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        guard let section = field.section(RequestTemplate.keys + ["when", "export", "errors"]) else { return nil }
        let request = RequestTemplate(section, compiler)
        when = section["when"].flatMap { field in compiler.overAnswer { compiler.filter(field) } }
        let fix = "write filters that read the export from the response, such as { id: .response.body[0].id }"
        let export = section.required("export", fix: fix).flatMap { ExportMapping($0, compiler) }
        reading = AnswerReading(section, defaults, compiler)
        let readsStatus = reading.readsHTTPStatus || when?.readsHTTPStatus ?? false
        let redirects = RedirectRule.resolved(section, defaults, readsHTTPStatus: readsStatus)
        guard let request, let export else { return nil }
        request.redirects = redirects
        self.request = request
        self.export = export
        parts = export.parts.union(reading.parts).union(when?.parts ?? [])
    }
}

/// `cancel:` and `cleanup:` are each a request line or a request.
struct CancelPlan {
    let request: RequestTemplate
    let reading: AnswerReading
    /// The states in which the API cancels; `nil`: in all.
    let states: [StatusWords.State]?

    /// - Parameter keys: those that this place has besides.
    init?(_ field: Field, _ keys: [String], _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        guard field.node.scalar == nil else {
            guard let line = RequestLine(field, compiler) else { return nil }
            reading = AnswerReading(nil, defaults, compiler)
            request = RequestTemplate(line, redirects: defaults.redirects ?? .follow)
            states = nil
            return
        }
        guard let section = field.section(RequestTemplate.keys + ["errors"] + keys) else { return nil }
        states = section["states"]?.elements.compactMap { $0.word(CancelState.self)?.state }
        guard let request = RequestTemplate(section, compiler) else { return nil }
        reading = AnswerReading(section, defaults, compiler)
        request.redirects = RedirectRule.resolved(section, defaults, readsHTTPStatus: reading.readsHTTPStatus)
        self.request = request
    }
}

/// A state in which an export can be cancelled.
private enum CancelState: String, CaseIterable {
    case queued, running

    var state: StatusWords.State {
        switch self {
        case .queued: .queued
        case .running: .running
        }
    }
}
