import JobMessages

/// Tells what a command did with letters: a line for each with `--json` and in a dry run, otherwise for those that were left; then the counts.
struct LetterReport: Sendable {
    let json: Bool
    let isDryRun: Bool

    /// What is said of a letter that could not be put back.
    static let left = "left"

    func show(_ letter: DeadLetterRecord, _ done: LetterRun.Done) {
        if json {
            var members: [String: Any] = ["id": letter.id, "queue": letter.queue, "outcome": done.what]
            members["exportJobId"] = letter.job?.text
            if !done.detail.isEmpty { members["detail"] = done.detail }
            if isDryRun { members["dryRun"] = true }
            return Terminal.line(JobDescription.json(members))
        }
        guard isDryRun || done.what == Self.left else { return }
        // The progress bar may stand on this line.
        if Terminal.isErrorTerminal, !isDryRun { Terminal.write("\r\u{1B}[2K") }
        let subject = letter.job?.text ?? letter.reason
        Terminal.line("\(letter.id)  \(subject)  \(Terminal.paint(done.what, done.what == Self.left ? .yellow : .green))  \(done.detail)")
    }

    static func nothing(_ json: Bool) {
        if !json { print("there is no such letter") }
    }

    /// The counts.
    /// - Throws: a `Problem` when it did not come to its end, or letters were left.
    func end(_ report: LetterRun.Report, chosen: Int) throws {
        if !json {
            let counts = report.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            let letters = "\(report.total) letter\(report.total == 1 ? "" : "s")"
            print(
                (isDryRun ? "would be done with \(letters): " : "\(letters): ")
                    + (counts.isEmpty ? "nothing done" : counts.joined(separator: ", ")))
        }
        if let problem = report.problem { throw problem }
        if report.total < chosen {
            throw Problem.failed("\(chosen - report.total) letters were not there any more; another command may hold or have handled them")
        }
        if let left = report.counts[Self.left], !isDryRun {
            throw Problem.failed("\(left) letter\(left == 1 ? " is" : "s are") left in place; `longhaul dead-letters discard` removes them")
        }
    }
}
