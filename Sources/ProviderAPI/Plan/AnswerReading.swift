import ExportCore
import JQ

/// What the top level of the provider file says about every answer.
struct AnswerDefaults {
    static let keys = ["errors", "wait", "redirects"]

    let rules: [AnswerRule]
    let wait: WaitRule?
    let redirects: RedirectRule?

    /// None.
    init() { (rules, wait, redirects) = ([], nil, nil) }

    init(_ root: Section, _ compiler: FilterCompiler) {
        (rules, wait) = compiler.having([.anywhere, .export, .page, .answer]) {
            (AnswerRule.list(root["errors"], compiler), root["wait"].flatMap { WaitRule($0, compiler) })
        }
        redirects = root["redirects"]?.word(RedirectRule.self)
    }
}

/// How the errors of one request's answers are read. A class, because each status check passes it on.
final class AnswerReading {
    /// The request's own rules, then the provider's. The first that matches wins.
    let rules: [AnswerRule]
    /// Tried when no rule matches.
    let error: ErrorRules
    let wait: WaitRule?
    let parts: ContextParts
    /// Whether a rule of the request itself reads the HTTP code.
    let readsHTTPStatus: Bool

    /// - Parameters:
    ///   - section: may hold `errors` and `error`; `nil` if the request has no section.
    ///   - isGraphQL: whether the answer is one of GraphQL although the section has no such body.
    init(_ section: Section?, _ defaults: AnswerDefaults, _ compiler: FilterCompiler, isGraphQL: Bool = false) {
        let (own, error) = compiler.overAnswer {
            (AnswerRule.list(section?["errors"], compiler), ErrorRules(ofStep: section, isGraphQL: isGraphQL, compiler))
        }
        let rules = own + defaults.rules
        self.rules = rules
        self.error = error
        wait = defaults.wait
        readsHTTPStatus = own.contains { $0.when.readsHTTPStatus } || error.when?.readsHTTPStatus ?? false
        parts = rules.reduce(into: error.parts.union(defaults.wait?.filter?.parts ?? [])) { $0.formUnion($1.parts) }
    }
}

/// `redirects:` — whether a 3xx is followed or is an answer like any other.
enum RedirectRule: String, CaseIterable {
    case follow, never

    /// Asks the written rules first, then whether the file reads the code of the answer itself.
    static func resolved(_ section: Section, _ defaults: AnswerDefaults, readsHTTPStatus: Bool) -> RedirectRule {
        if let own = section["redirects"]?.word(RedirectRule.self) { return own }
        return readsHTTPStatus ? .never : defaults.redirects ?? .follow
    }
}
