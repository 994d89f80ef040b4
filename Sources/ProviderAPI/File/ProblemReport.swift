import Yams

/// Collects all problems of one provider file.
final class ProblemReport {
    let file: String
    private(set) var problems: [ProviderFileProblem] = []

    init(file: String) { self.file = file }

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
