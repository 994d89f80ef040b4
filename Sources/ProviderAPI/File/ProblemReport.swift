import Yams

/// Collects all problems of one provider file.
final class ProblemReport {
    let file: String
    private(set) var problems: [ProviderFileProblem] = []

    private let decoderLog: DecoderLog?
    private var isLogPaused = false

    init(file: String, log: DecoderLog? = nil) { (self.file, decoderLog) = (file, log) }

    /// Is told what the decoder accepts; `nil` if nobody wants to know.
    var log: DecoderLog? { isLogPaused ? nil : decoderLog }

    /// Reads what no file holds: a section that is made of another one.
    func withoutLog<Value>(_ read: () -> Value) -> Value {
        isLogPaused = true
        defer { isLogPaused = false }
        return read()
    }

    func add(_ mark: Mark?, _ field: String, _ message: String, fix: String) {
        problems.append(
            ProviderFileProblem(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, field: field, message: message, fix: fix))
    }

    /// What the file may say, but probably does not mean.
    private(set) var advice: [ProviderFileProblem] = []

    func advise(_ mark: Mark?, _ field: String, _ message: String, fix: String) {
        advice.append(
            ProviderFileProblem(
                file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, field: field, message: message, fix: fix, isAdvice: true))
    }

    func throwIfAny() throws(ProviderFileError) {
        if !problems.isEmpty { throw ProviderFileError(problems) }
    }
}
