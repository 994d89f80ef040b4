import ExportCore
import JQ

/// How a response reports an error, `error:` of a step: a filter for the message, or a mapping.
struct ErrorRules {
    var when: Filter?
    var code: Filter?
    var message: Filter?
    /// Of a success that `when` takes for a failure; permanent if it is not given.
    var answerClass: ClassRule?
    /// Whether `when` is asked whatever the HTTP code: GraphQL says errors in its own way.
    var appliesAlways = false

    private static let keys = ["when", "code", "message", "class"]

    init() {}

    /// What a step says; without it, what GraphQL says about errors (the specification's section 7.1).
    init(ofStep section: Section?, isGraphQL: Bool, _ compiler: FilterCompiler) {
        guard let section, section.has("graphql") || isGraphQL, !section.has("error") else {
            self.init(section?["error"], compiler)
            return
        }
        self.init()
        appliesAlways = true
        let field = section["graphql"] ?? section.field
        // A list of objects, as the specification says; some servers refuse a request with a text.
        let code = "([.response.body.errors[]?.extensions.code?] | first)"
        let isText = ".response.status < 300 and (.response.body.errors? | type == \"string\")"
        when = compiler.filter("([.response.body.errors? | arrays[]] | length > 0) or (\(isText))", field)
        self.code = compiler.filter("\(code) // \"graphql-error\"", field)
        message = compiler.filter("[.response.body.errors | (strings, arrays[].message?)] | first", field)
        answerClass = compiler.filter("if \(code) == \"THROTTLED\" then \"throttled\" else \"permanent\" end", field).map { .filter($0) }
    }

    private init(_ field: Field?, _ compiler: FilterCompiler) {
        guard let field else { return }
        guard field.node.scalar == nil else {
            message = compiler.filter(field)
            return
        }
        guard let section = field.section(Self.keys) else { return }
        when = section["when"].flatMap { compiler.filter($0) }
        code = section["code"].flatMap { compiler.filter($0) }
        message = section["message"].flatMap { compiler.filter($0) }
        answerClass = section["class"].flatMap { ClassRule($0, AnswerClass.allCases.filter { $0 != .ok }, compiler) }
    }

    var parts: ContextParts {
        [when, code, message].compactMap(\.?.parts).reduce(into: answerClass?.parts ?? []) { $0.formUnion($1) }
    }
}

extension Filter {
    /// The text that the filter extracts for a failure. `nil` if there is none or the filter fails, because a failure is already being
    /// reported.
    func text(_ context: JQValue, _ secrets: Secrets) -> String? {
        guard let value = try? first(context), !value.isNull else { return nil }
        return secrets.start(of: value.text, atMost: 500)
    }

    /// An error code in kebab case.
    func codeWord(_ context: JQValue, _ secrets: Secrets) -> String? {
        guard let text = text(context, secrets) else { return nil }
        let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let word = words.joined(separator: "-").prefix(64)
        return word.isEmpty ? nil : String(word)
    }
}
