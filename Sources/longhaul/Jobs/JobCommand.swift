import ArgumentParser
import ExportCore
import JobStore

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Show what one job does: its fields, the provider's last answers, and its history.",
        discussion: """
            Shows when the next request is due, why the job waits, and where its objects are. A job that the store has forgotten is shown from \
            the history beside its objects. If there is none either, the dead letters are searched for it, and the exit code is 1.

            Examples:
              longhaul job orders-2026-11-24
              longhaul job orders-2026-11-24 --trail
              longhaul job orders-2025-02-01 --provider acme --date 2025-02-01 --json
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The job id (exportJobId).", valueName: "id")) var id: String

    @Flag(help: "Print everything that has happened to the job, an event a line.") var trail = false

    @Flag(help: "Print one JSON object; with --trail, one for each event, on a line.") var json = false

    @OptionGroup var archive: ArchiveOptions

    func run() async throws {
        let (record, objects) = try await JobRecord.require(id, options, archive, wantsTrail: trail, json: json)
        if trail, let events = record.trail {
            for event in events { Terminal.line(json ? HistoryText.json(event) : HistoryText.line(event)) }
            return
        }
        print(json ? Self.json(record, objects) : JobPage(record: record, objects: objects).text)
    }

    private static func json(_ record: JobRecord, _ objects: ObjectsLocation) -> String {
        let job = record.job
        var members = JobDescription(job: job).members
        members["history"] = record.history.map { entry in
            var members: [String: Any] = ["at": job.createdAt + entry.at, "what": entry.what, "detail": entry.detail]
            if entry.number > 1 { members["number"] = entry.number }
            members["nextInSeconds"] = entry.nextIn.map { Double(Int64($0 / .milliseconds(1))) / 1000 }
            members["because"] = entry.reason?.words
            members["actor"] = entry.actor
            return members
        }
        if record.isArchived { members["archived"] = true }
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
