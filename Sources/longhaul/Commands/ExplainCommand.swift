import ArgumentParser
import EventThread
import ExportCore
import JobStore

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say in two sentences why a job is where it is, and what happens next.",
        discussion: """
            The first sentence is about the past and the second about the future. `longhaul job ID` shows all that is known of the job.

            Example: longhaul explain orders-2026-11-24
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The job id (exportJobId).", valueName: "id")) var id: String

    @Flag(help: "Print one JSON object.") var json = false

    @OptionGroup var archive: ArchiveOptions

    func run() async throws {
        let (record, objects) = try await JobRecord.require(id, options, archive, json: json)
        let explanation = Explanation(record: record, objects: objects)
        guard json else { return print("\(explanation.why)\n\(explanation.next)") }
        print(
            JobDescription.json([
                "exportJobId": record.job.id.text, "status": record.job.state.status.rawValue, "why": explanation.why,
                "next": explanation.next,
            ]))
    }
}
