import Encoding
import ExportCore
import Foundation
import JQ

/// Reads secrets by name.
public struct SecretSource: Sendable {
    /// Returns the secret of that name, or `nil` if there is none. The text of a thrown error is shown to operators.
    public let value: @Sendable (_ name: String) throws -> String?

    public init(_ value: @escaping @Sendable (_ name: String) throws -> String?) { self.value = value }

    /// The environment variable `NAME`, or the text of the file that `NAME_FILE` names, without its final line break.
    public static func environment(_ environment: [String: String]) -> SecretSource {
        SecretSource { name in
            if let value = environment[name] { return value }
            guard let file = environment[name + "_FILE"] else { return nil }
            var text = try String(contentsOfFile: file, encoding: .utf8)
            if text.hasSuffix("\n") || text.hasSuffix("\r\n") { text.removeLast() }
            return text
        }
    }
}

/// The secrets that a provider file names. Removes them from messages.
struct Secrets {
    let object: JQValue
    private let hidden: [String]

    /// - Throws: every missing secret, with the position that names it.
    init(_ fields: [String: Field], from source: SecretSource) throws(ProviderFileError) {
        var problems: [ProviderFileProblem] = []
        var entries: [(key: String, value: JQValue)] = []
        var hidden: Set<String> = []
        for (name, field) in fields {
            do {
                guard let value = try source.value(name), !value.isEmpty else {
                    let fix = "set \(name), or \(name)_FILE to the path of a file that holds it"
                    problems.append(Self.problem(field, "the secret \(name) is not set", fix: fix))
                    continue
                }
                entries.append((name, JQValue(value)))
                hidden.formUnion([value, PercentEncoding.encoded(value), String(JQValue(value).json.dropFirst().dropLast())])
            } catch {
                let message = "cannot read the secret \(name) (\(error.localizedDescription))"
                problems.append(Self.problem(field, message, fix: "check the path in \(name)_FILE and its permissions"))
            }
        }
        if !problems.isEmpty { throw ProviderFileError(problems) }
        object = JQValue(object: entries)
        self.hidden = hidden.sorted { $0.count > $1.count }
    }

    /// Replaces every secret in the text, whether plain, percent-encoded or JSON-escaped.
    func redacted(_ text: String) -> String {
        hidden.reduce(text) { $0.contains($1) ? $0.replacing($1, with: "***") : $0 }
    }

    func redacted(_ failure: Failure) -> Failure {
        var failure = failure
        failure.message = redacted(failure.message)
        failure.code = redacted(failure.code)
        if let answer = failure.answer {
            failure.answer?.request = redacted(answer.request)
            failure.answer?.start = redacted(answer.start)
            failure.answer?.type = answer.type.map { redacted($0) }
        }
        return failure
    }

    private static func problem(_ field: Field, _ message: String, fix: String) -> ProviderFileProblem {
        let mark = field.node.mark
        return ProviderFileProblem(
            file: field.report.file, line: mark?.line ?? 1, column: mark?.column ?? 1, field: field.path, message: message, fix: fix)
    }
}
