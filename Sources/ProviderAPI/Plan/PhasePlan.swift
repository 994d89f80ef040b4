import ExportCore

/// What is asked of an export that was created: a request that is sent once, or a wait. `steps:` lists those before the wait of `status:`.
enum PhasePlan {
    case request(StepPlan)
    case wait(StatusPlan)

    var request: RequestTemplate {
        switch self {
        case .request(let step): step.request
        case .wait(let status): status.request
        }
    }

    var reading: AnswerReading {
        switch self {
        case .request(let step): step.reading
        case .wait(let status): status.reading
        }
    }

    /// The parts that the filters over the response read.
    var parts: ContextParts {
        switch self {
        case .request(let step): step.parts
        case .wait(let status): status.parts
        }
    }

    var isRequest: Bool { if case .request = self { true } else { false } }

    /// The mappings that store values in the export handle.
    var mappings: [ExportMapping] {
        switch self {
        case .request(let step): [step.export, step.adopt?.export].compactMap(\.self)
        case .wait(let status): [status.export, status.update].compactMap(\.self)
        }
    }

    /// Reads `steps:`, a list.
    static func list(_ field: Field?, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) -> [StepEntry] {
        let elements = field?.list(fix: "write a list of requests and waits: - request: POST /x, - status: {…}") ?? []
        return elements.compactMap { element in
            PhasePlan(element, defaults, compiler).map { plan in
                StepEntry(plan: plan, when: Section(element)?["when"].flatMap { compiler.filter($0) })
            }
        }
    }

    private init?(_ field: Field, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: "write a request, or status: {…}")
            return nil
        }
        guard let status = section["status"] else {
            guard let step = StepPlan(field, defaults, compiler) else { return nil }
            self = .request(step)
            return
        }
        section.reportUnknown(["status", "when"])
        guard let plan = StatusPlan(status, isLast: false, defaults, compiler) else { return nil }
        self = .wait(plan)
    }
}

/// An entry of `steps:`.
struct StepEntry {
    let plan: PhasePlan
    /// Whether it is done at all; `nil`: always.
    let when: Filter?
}

/// A request of `steps:` that is sent once. A class, as `StatusPlan` is.
final class StepPlan {
    let request: RequestTemplate
    let export: ExportMapping?
    let adopt: AdoptRule?
    let reading: AnswerReading
    /// The parts that the filters over the response read.
    let parts: ContextParts

    init?(_ field: Field, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) {
        guard let section = field.section(RequestTemplate.keys + ["export", "adopt", "error", "errors", "when"]) else { return nil }
        let request = RequestTemplate(section, compiler)
        export = section["export"].flatMap { ExportMapping($0, compiler) }
        adopt = section["adopt"].flatMap { AdoptRule($0, compiler) }
        reading = AnswerReading(section, defaults, compiler)
        let readsStatus = reading.readsHTTPStatus || adopt?.when.readsHTTPStatus ?? false
        let redirects = RedirectRule.resolved(section, defaults, readsHTTPStatus: readsStatus)
        guard let request else { return nil }
        request.redirects = redirects
        self.request = request
        parts = (export?.parts ?? []).union(reading.parts).union(adopt?.parts ?? [])
    }
}
