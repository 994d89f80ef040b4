import ExportCore
import JQ

/// How a response reports an error, `error:` of a step: a filter for the message, or a mapping.
struct ErrorRules {
    var when: Filter?
    var code: Filter?
    var message: Filter?
    var failureClass: FailureClass?

    private static let keys = ["when", "code", "message", "class"]

    init() {}

    init(_ field: Field?, _ compiler: FilterCompiler) {
        guard let field else { return }
        guard field.node.scalar == nil else {
            message = compiler.filter(field)
            return
        }
        guard let section = field.section(Self.keys) else { return }
        when = section["when"].flatMap { compiler.filter($0) }
        code = section["code"].flatMap { compiler.filter($0) }
        message = section["message"].flatMap { compiler.filter($0) }
        failureClass = section["class"]?.word(FailureClass.self)
    }

    var parts: ContextParts { [when, code, message].compactMap(\.?.parts).reduce(into: []) { $0.formUnion($1) } }

    /// The text that the filter extracts. `nil` if there is none or the filter fails, because a failure is already being reported.
    func text(_ filter: Filter?, _ context: JQValue) -> String? {
        guard let filter, let value = try? filter.first(context), !value.isNull else { return nil }
        return String(value.text.prefix(500))
    }

    /// The error code of the response in kebab case.
    func codeWord(_ context: JQValue) -> String? {
        guard let text = text(code, context) else { return nil }
        let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let word = words.joined(separator: "-").prefix(64)
        return word.isEmpty ? nil : String(word)
    }
}
