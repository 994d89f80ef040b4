import ExportCore
import JQ

/// What a rule of the provider file makes of an answer: a class of failure, or none.
enum AnswerClass: String, CaseIterable {
    case transient, throttled, notYet, unauthorised, gone, permanent, corrupt
    /// Not a failure, whatever the HTTP status code.
    case ok

    /// `nil` for `ok`.
    var failureClass: FailureClass? { FailureClass(rawValue: rawValue) }
}

/// `class:` — a word, or a filter whose output is such a word.
enum ClassRule {
    case word(AnswerClass)
    case filter(Filter)

    /// - Parameter words: those that this place allows.
    init?(_ field: Field, _ words: [AnswerClass], _ compiler: FilterCompiler) {
        let fix = "write one of \(words.map(\.rawValue).joined(separator: ", ")), or a filter whose output is one of them"
        guard let text = field.text(fix: fix) else { return nil }
        if let word = words.first(where: { $0.rawValue == text }) {
            self = .word(word)
        } else if text.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) {
            let near = Spelling.nearest(to: text, in: words.map(\.rawValue))
            field.problem("unknown value \"\(text)\"", fix: near.map { "did you mean \"\($0)\"?" } ?? fix)
            return nil
        } else {
            guard let filter = compiler.filter(field) else { return nil }
            self = .filter(filter)
        }
    }

    var parts: ContextParts {
        if case .filter(let filter) = self { return filter.parts }
        return []
    }

    /// - Throws: `invalid-class`, permanent, if the filter fails or its output is no class.
    func value(_ context: JQValue, _ secrets: Secrets) throws(Failure) -> AnswerClass {
        switch self {
        case .word(let word): return word
        case .filter(let filter):
            let output: JQValue?
            do throws(Failure) { output = try filter.first(context) } catch {
                throw Failure(.permanent, code: "invalid-class", message: error.message)
            }
            if let word = output?.string.flatMap(AnswerClass.init) { return word }
            let words = AnswerClass.allCases.map(\.rawValue).joined(separator: ", ")
            let shown = output.map { secrets.start(of: $0.json, atMost: 100) } ?? "nothing"
            throw Failure(
                .permanent, code: "invalid-class", message: "\(filter.field): the filter gives \(shown), which is none of \(words)")
        }
    }
}

/// One entry of `errors:`.
struct AnswerRule {
    let when: Filter
    let answerClass: ClassRule
    let code: Filter?
    let message: Filter?
    let wait: WaitRule?

    private init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(["when", "class", "code", "message", "wait"]) else { return nil }
        let when = section.required("when", fix: "write a filter such as .response.status == 409").flatMap { compiler.filter($0) }
        let fix = "write one of \(AnswerClass.allCases.map(\.rawValue).joined(separator: ", "))"
        let answerClass = section.required("class", fix: fix).flatMap { ClassRule($0, AnswerClass.allCases, compiler) }
        code = section["code"].flatMap { compiler.filter($0) }
        message = section["message"].flatMap { compiler.filter($0) }
        wait = section["wait"].flatMap { WaitRule($0, compiler) }
        guard let when, let answerClass else { return nil }
        self.when = when
        self.answerClass = answerClass
    }

    /// Reads `errors:`, a list of rules.
    static func list(_ field: Field?, _ compiler: FilterCompiler) -> [AnswerRule] {
        field?.list(fix: "write a list of { when: FILTER, class: WORD }").compactMap { AnswerRule($0, compiler) } ?? []
    }

    var parts: ContextParts {
        [when, code, message, wait?.filter].compactMap(\.?.parts).reduce(into: answerClass.parts) { $0.formUnion($1) }
    }

    /// A filter that fails for an answer, such as one over JSON for a page of HTML, does not match it.
    func matches(_ context: JQValue) -> Bool { (try? when.isTrue(context)) ?? false }
}
