import ArgumentParser

/// The jobs of a submission that cannot be sent.
struct SubmissionFaults {
    private var lines: [String] = []
    private var count = 0
    private var conflicts = 0

    /// A file with the same mistake in every line must not fill the terminal.
    private static let shown = 100

    mutating func add(_ place: String, _ fault: String, isConflict: Bool = false) {
        count += 1
        if isConflict { conflicts += 1 }
        if lines.count < Self.shown { lines.append(place.isEmpty ? fault : "\(place): \(fault)") }
    }

    /// Reports each fault on a line of its own.
    /// - Throws: a `Problem`; with exit code 1 if the only faults are ids that belong to other jobs.
    func throwIfAny(of total: Int) throws {
        guard count > 0 else { return }
        let code = ExitCode(conflicts == count ? 1 : 64)
        if count == 1, let line = lines.first { throw Problem(message: line, code: code) }
        for line in lines { Terminal.error(line) }
        let rest = count > lines.count ? ", the first \(lines.count) of them above" : ""
        throw Problem(message: "\(count) of \(total) jobs are faulty\(rest); nothing was submitted", code: code)
    }
}
