import ArgumentParser
import EventThread
import ProviderAPI

struct CheckProvidersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check provider files, without any server.",
        discussion: """
            Compiles every filter and checks paths, keys, values, states \
            and intervals. Prints FILE:LINE:COLUMN, the problem and a fix \
            for all problems of all files. Secrets are not read.

            Exits 1 if there is a problem. Advice alone is none, unless \
            --strict is given.

            Example: longhaul provider check providers/*.yaml
            """)

    @Argument(help: ArgumentHelp("Provider files, or folders of them.", valueName: "file")) var files: [String]
    @Flag(help: "Exit 1 for advice too.") var strict = false
    @Flag(help: "Print one JSON object per line.") var json = false

    func run() async throws {
        let thread = EventThread(name: "longhaul")
        let check = await ProviderFolder.check(files, on: thread)
        thread.stop()
        for problem in check.problems { print(json ? Self.json(problem) : Self.text(problem)) }
        let advice = check.problems.count { $0.isAdvice }
        let faults = check.problems.count - advice
        if !json {
            let notes = advice > 0 ? ", \(counted(advice, "note"))" : ""
            let mark = faults == 0 ? Terminal.paint("✓", .green) : Terminal.paint("✗", .red)
            print("\(mark) \(counted(check.files, "file")), \(counted(faults, "problem"))\(notes)")
        }
        if check.files == 0, faults == 0 { throw Problem.usage("no provider files (*.yaml) found in \(files.joined(separator: ", "))") }
        if faults > 0 || strict && advice > 0 { throw ExitCode(1) }
    }

    private static func text(_ problem: ProviderFileProblem) -> String {
        let place = Terminal.paint("\(problem.file):\(problem.line):\(problem.column):", .bold)
        let word = problem.isAdvice ? Terminal.paint("note:", .yellow) : Terminal.paint("error:", .red)
        let field = problem.field.isEmpty ? "" : "\(problem.field): "
        return "\(place) \(word) \(field)\(problem.message)" + (problem.fix.isEmpty ? "" : "\n    \(problem.fix)")
    }

    private static func json(_ problem: ProviderFileProblem) -> String {
        JobDescription.json([
            "file": problem.file, "line": problem.line, "column": problem.column, "field": problem.field, "problem": problem.message,
            "fix": problem.fix, "severity": problem.isAdvice ? "note" : "error",
        ])
    }
}
