import ArgumentParser
import EventThread

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the servers, settings and provider files that Longhaul depends on.",
        discussion: """
            Checks that each server is reachable and set to keep its data, that each provider file is valid, whether each provider may \
            be asked now, and whether jobs are overdue or stuck. Problems come first, the worst at the top. Exits 1 on a problem.

            --json prints an object on each line: "subject", "verdict" (good, doubtful or bad) and "detail". Subjects and verdicts are \
            stable, the details are for people. --nagios prints one line and exits 0, 1 (a doubt) or 2 (a problem).

            Example: longhaul doctor --json
            """)

    @OptionGroup var options: SettingsOptions
    @Flag(help: "Print one JSON object per line.") var json = false
    @Flag(help: "Print one line for Nagios and its relatives.") var nagios = false

    func validate() throws {
        if json, nagios { throw ValidationError("--json and --nagios exclude each other") }
    }

    func run() async throws {
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let examinations: [@Sendable () async -> [Finding]] = [
            { await RedisExamination(settings: settings, thread: thread).findings() },
            { await RabbitMQExamination(settings: settings).findings() },
            { await ProviderExamination(settings: settings, thread: thread).findings() },
            { await StorageExamination(settings: settings, thread: thread).findings() },
            { await WorkExamination(settings: settings, thread: thread).findings() },
        ]
        var findings: [Finding] = []
        for examine in examinations {
            for finding in await examine() {
                findings.append(finding)
                if json { print(finding.json) }
            }
        }
        thread.stop()
        if nagios {
            let summary = NagiosSummary(findings)
            print(summary.line)
            throw ExitCode(summary.code)
        }
        if !json { print(DoctorReport(findings: findings).text) }
        if findings.contains(where: { $0.verdict == .bad }) { throw ExitCode(1) }
    }
}
