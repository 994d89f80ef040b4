import ArgumentParser
import EventThread
import ExportCore
import Foundation
import JobMessages
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
        guard let id = JobID(id) else { throw Problem.usage("\"\(id)\" is not a valid job id: \(JobID.rule)") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-job", on: thread, logger: Terminal.quietLogger)
        let found: JobRecord?
        do {
            found = try await JobRecord.read(id, from: connection.store)
        } catch {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
        thread.stop()
        guard let record = found else { throw await missing(id, settings) }
        let objects = ObjectsLocation(record.job, settings)
        print(json ? Self.json(record, objects) : JobPage(record: record, objects: objects).text)
    }

    /// Why there is no such job, as far as the dead letters tell.
    private func missing(_ id: JobID, _ settings: Settings) async -> Problem {
        do {
            let found = try await RefusedJobs(settings).letters(of: [id])
            if let letter = found.letters[id] {
                if json {
                    let members = LetterDescription(letter: letter, now: Date()).members
                    print(JobDescription.json(["exportJobId": id.text, "deadLetter": members] as [String: Any]))
                }
                return .failed(
                    "\(Self.fate(of: id, letter)): \(letter.reason): \(letter.explanation); "
                        + "see `longhaul dead-letters show \(letter.id)`")
            }
            let bound = found.isPartial ? " among the first \(RefusedJobs.limit)" : ""
            return .failed(
                "no job \(id), and no dead letter of it\(bound); check the id; the job may have expired (LONGHAUL_KEEP), "
                    + "or its message waits for an orchestrator")
        } catch {
            return .failed(
                "no job \(id); check the id; it may have expired (LONGHAUL_KEEP); "
                    + "the dead letters were not searched: \((error as? Problem)?.message ?? "\(error)")")
        }
    }

    private static func fate(of id: JobID, _ letter: DeadLetterRecord) -> String {
        switch letter.kind {
        case .message: "job \(id) was not accepted, its message is a dead letter"
        case .broker: "job \(id) is not in the store, the broker moved its message to the dead letters"
        case .job: "job \(id) ended FAILED, and is no longer in the store (LONGHAUL_KEEP)"
        case .file: "job \(id) is no longer in the store (LONGHAUL_KEEP), and a file of it failed"
        }
    }

    private static func json(_ record: JobRecord, _ objects: ObjectsLocation) -> String {
        let job = record.job
        var members = JobDescription(job: job).members
        members["history"] = record.history.map { ["at": job.createdAt + $0.at, "what": $0.what, "detail": $0.detail] as [String: Any] }
        members["answers"] = record.answers.map { ["at": job.createdAt + $0.at, "text": $0.text] as [String: Any] }
        members["objects"] = objects.url
        members["waitsBecause"] = record.waitsBecause
        members["nextAttemptAt"] = record.next?.at
        // A planned check that is overdue is due now.
        members["nextPollAt"] = job.state.status == .polling ? record.next?.at : nil
        return JobDescription.json(members)
    }
}
