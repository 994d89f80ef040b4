import Encoding
import ExportCore
import Foundation
import JQ

/// Where secrets come from.
public struct SecretSource: Sendable {
    /// The secret of that name, `nil` where there is none. An error's text is shown to operators.
    public let value: @Sendable (_ name: String) throws -> String?

    public init(_ value: @escaping @Sendable (_ name: String) throws -> String?) { self.value = value }

    /// The environment variable `NAME`, or the text of the file that `NAME_FILE` names, without the line end at its end.
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

/// The secrets that a file names, and what keeps them out of messages.
struct Secrets {
    let object: JQValue
    private let hidden: [String]

    /// - Throws: every secret that is missing, with the place that names it.
    init(_ fields: [String: Field], from source: SecretSource) throws(ProviderFileError) {
        var problems: [ProviderFileProblem] = []
        var entries: [(key: String, value: JQValue)] = []
        var hidden: Set<String> = []
        for (name, field) in fields {
            do {
                guard let value = try source.value(name), !value.isEmpty else {
                    let mend = "set \(name), or \(name)_FILE to a file that holds it"
                    problems.append(Self.problem(field, "there is no secret \(name)", mend: mend))
                    continue
                }
                entries.append((name, JQValue(value)))
                hidden.formUnion([value, PercentEncoding.encoded(value), String(JQValue(value).json.dropFirst().dropLast())])
            } catch {
                let message = "the secret \(name) cannot be read (\(error.localizedDescription))"
                problems.append(Self.problem(field, message, mend: "check \(name)_FILE"))
            }
        }
        if !problems.isEmpty { throw ProviderFileError(problems) }
        object = JQValue(object: entries)
        self.hidden = hidden.sorted { $0.count > $1.count }
    }

    /// The text with every secret, plain, percent-encoded or in JSON, replaced.
    func redacted(_ text: String) -> String {
        hidden.reduce(text) { $0.contains($1) ? $0.replacing($1, with: "***") : $0 }
    }

    func redacted(_ failure: Failure) -> Failure {
        var failure = failure
        failure.message = redacted(failure.message)
        failure.code = redacted(failure.code)
        return failure
    }

    private static func problem(_ field: Field, _ message: String, mend: String) -> ProviderFileProblem {
        let mark = field.node.mark
        return ProviderFileProblem(
            file: field.report.file, line: mark?.line ?? 1, column: mark?.column ?? 1, field: field.path, message: message, mend: mend)
    }
}
