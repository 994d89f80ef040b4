import ExportCore
import JQ

/// The secrets that a provider file names. Removes them from messages.
struct Secrets {
    let object: JQValue
    /// The names of those that are not set or cannot be read, sorted.
    let missing: [String]
    /// Those of them that are there, and cannot be read.
    let unreadable: Set<String>
    /// What is missing, each with the position that names it.
    let problems: [ProviderFileProblem]
    private(set) var redaction: Redaction
    /// Without what was obtained.
    private var configured: Redaction
    /// Secrets that the last sign-ins of each account returned: answers may repeat old ones for a while.
    private var obtained: [String: [[String]]]

    private static let keptSignIns = 4

    /// Hides values that an account has obtained, in addition.
    mutating func hide(_ values: [String], of account: String) {
        let known = obtained[account, default: []]
        guard !values.isEmpty, known.last != values else { return }
        redaction.add(values)
        for old in known.dropLast(Self.keptSignIns - 1) { redaction.remove(old) }
        obtained[account] = known.suffix(Self.keptSignIns - 1) + [values]
    }

    /// Forgets what an account has obtained.
    mutating func forget(_ account: String) {
        for old in obtained.removeValue(forKey: account) ?? [] { redaction.remove(old) }
    }

    /// Hides secrets of an account, for as long as these exist.
    mutating func alsoHide(_ values: [String]) {
        configured.add(values)
        redaction.add(values)
    }

    /// All of them.
    var values: [String] { object.entries?.compactMap(\.value.string) ?? [] }

    /// - Parameters:
    ///   - place: says where a secret that is missing is to be put, or what is to be checked if it cannot be read.
    ///   - old: the secrets before they changed; they stay hidden, because answers may still repeat them.
    init(
        _ fields: [String: Field], from source: SecretSource, place: (_ name: String, _ isUnreadable: Bool) -> String = Self.place,
        after old: Secrets? = nil
    ) {
        var missing: [String: ProviderFileProblem] = [:], unreadable: Set<String> = []
        var entries: [(key: String, value: JQValue)] = []
        var values: [String] = []
        for (name, field) in fields {
            do {
                guard let value = try source.value(name), !value.isEmpty else {
                    missing[name] = Self.problem(field, "the secret \(name) is not set", fix: place(name, false))
                    continue
                }
                entries.append((name, JQValue(value)))
                values.append(value)
            } catch {
                let message = "cannot read the secret \(name) (\(error.localizedDescription))"
                missing[name] = Self.problem(field, message, fix: place(name, true))
                unreadable.insert(name)
            }
        }
        object = JQValue(object: entries)
        self.missing = missing.keys.sorted()
        self.unreadable = unreadable
        problems = ProviderFileError(Array(missing.values)).problems
        configured = Redaction(values, after: old?.configured)
        obtained = old?.obtained ?? [:]
        redaction = configured
        for value in obtained.values { redaction.add(value.flatMap(\.self)) }
    }

    static func place(_ name: String, _ isUnreadable: Bool) -> String {
        isUnreadable
            ? "check the path in \(name)_FILE and its permissions" : "set \(name), or \(name)_FILE to the path of a file that holds it"
    }

    /// Why no request that uses secrets can be sent; `nil` if all are there.
    var refusal: Failure? {
        if problems.isEmpty { return nil }
        let message = problems.map { "\($0.message); \($0.fix)" }.joined(separator: "; ")
        return Failure(.unauthorised, code: "missing-secret", message: message)
    }

    func redacted(_ text: String) -> String { redaction.redacted(text) }

    /// The start of a text without secrets.
    func start(of text: String, atMost count: Int) -> String { redaction.start(of: text, atMost: count) }

    /// The URL of a request as it is shown, without its query.
    func shown(url: String) -> String { start(of: WebURL.shown(url), atMost: 300) }

    func redacted(_ failure: Failure) -> Failure {
        var failure = failure
        failure.message = start(of: failure.message, atMost: Self.longestMessage)
        failure.code = redacted(failure.code)
        if let answer = failure.answer {
            failure.answer?.request = redacted(answer.request)
            failure.answer?.start = redacted(answer.start)
            failure.answer?.type = answer.type.map { redacted($0) }
        }
        return failure
    }

    /// A message is stored with its job.
    private static let longestMessage = 2000

    private static func problem(_ field: Field, _ message: String, fix: String) -> ProviderFileProblem {
        let mark = field.node.mark
        return ProviderFileProblem(
            file: field.report.file, line: mark?.line ?? 1, column: mark?.column ?? 1, field: field.path, message: message, fix: fix)
    }
}
