import ArgumentParser
import ExportCore
import JobStore

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Show what one job does: its fields, the provider's last answers, and its history.",
        discussion: """
            Shows when the next request is due, why the job waits, and where its objects are. If the store does not know the job, the dead \
            letters are searched for it, and the exit code is 1.

            Example: longhaul job orders-2026-11-24 --json
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The job id (exportJobId).", valueName: "id")) var id: String

    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let (record, objects) = try await JobRecord.require(id, options, json: json)
        print(json ? Self.json(record, objects) : JobPage(record: record, objects: objects).text)
    }

    private static func json(_ record: JobRecord, _ objects: ObjectsLocation) -> String {
        let job = record.job
        var members = JobDescription(job: job).members
        members["history"] = record.history.map { ["at": job.createdAt + $0.at, "what": $0.what, "detail": $0.detail] as [String: Any] }
        members["answers"] = record.answers.map { ["at": job.createdAt + $0.at, "text": $0.text] as [String: Any] }
        members["objects"] = objects.url
        let explanation = Explanation(record: record, objects: objects)
        (members["why"], members["next"]) = (explanation.why, explanation.next)
        members["waitsBecause"] = record.waitsBecause
        members["nextAttemptAt"] = record.next?.at
        // A planned check that is overdue is due now.
        members["nextPollAt"] = job.state.status == .polling ? record.next?.at : nil
        return JobDescription.json(members)
    }
}
