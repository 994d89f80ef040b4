import ExportCore
import JQ

/// How an answer tells of a failure, `error:` of a step: the filter of its message, or a mapping.
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

    /// The answer's own words, `nil` where it has none or the filter does not fit: this is asked while a failure is reported.
    func text(_ filter: Filter?, _ context: JQValue) -> String? {
        guard let filter, let value = try? filter.first(context), !value.isNull else { return nil }
        return String(value.text.prefix(500))
    }

    /// The answer's code in kebab-case.
    func codeWord(_ context: JQValue) -> String? {
        guard let text = text(code, context) else { return nil }
        let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let word = words.joined(separator: "-").prefix(64)
        return word.isEmpty ? nil : String(word)
    }
}
