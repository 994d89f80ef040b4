import JobMessages

/// Reports what a command did with letters: one line per letter with `--json` and in a dry run, otherwise one per letter that stays; then
/// the counts.
struct LetterReport: Sendable {
    let json: Bool
    let isDryRun: Bool

    /// The outcome of a letter that cannot be redriven.
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
        // The progress bar may be on this line.
        if Terminal.isErrorTerminal, !isDryRun { Terminal.write("\r\u{1B}[2K") }
        let subject = letter.job?.text ?? letter.reason
        Terminal.line("\(letter.id)  \(subject)  \(Terminal.paint(done.what, done.what == Self.left ? .yellow : .green))  \(done.detail)")
    }

    static func nothing(_ json: Bool) {
        if !json { print("there is no such letter") }
    }

    /// The counts.
    /// - Throws: a `Problem` if the run ended early or letters stayed.
    func end(_ report: LetterRun.Report, chosen: Int) throws {
        if !json {
            let counts = report.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            let letters = "\(report.total) letter\(report.total == 1 ? "" : "s")"
            print(
                (isDryRun ? "dry run, \(letters): " : "\(letters): ")
                    + (counts.isEmpty ? "nothing done" : counts.joined(separator: ", ")))
        }
        if let problem = report.problem { throw problem }
        if report.total < chosen {
            throw Problem.failed(
                "\(chosen - report.total) letters are no longer in the queue; another command may have read or handled them")
        }
        if let left = report.counts[Self.left], !isDryRun {
            throw Problem.failed(
                "\(left) letter\(left == 1 ? " is" : "s are") left in the queue; `longhaul dead-letters discard` removes them")
        }
    }
}
