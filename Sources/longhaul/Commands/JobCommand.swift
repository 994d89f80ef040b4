import ArgumentParser
import EventThread
import ExportCore
import Foundation
import JobMessages
import JobStore

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Show the fields and the history of one job.")

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The job id (exportJobId).", valueName: "id")) var id: String

    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        guard let id = JobID(id) else { throw Problem.usage("\"\(id)\" is not a valid job id: \(JobID.rule)") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-job", on: thread, logger: Terminal.quietLogger)
        let found: (job: Job?, history: [HistoryEntry])
        do {
            found = (try await connection.store.job(id), try await connection.store.history(of: id))
        } catch {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
        guard let job = found.job else { throw await missing(id, settings) }
        if json { showJSON(job, found.history) } else { showText(job, found.history) }
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
                    "job \(id) was not accepted, its message is a dead letter: \(letter.reason): \(letter.explanation); "
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

    private func showJSON(_ job: Job, _ history: [HistoryEntry]) {
        var members = JobDescription(job: job).members
        members["history"] = history.map { ["at": job.createdAt + $0.at, "what": $0.what, "detail": $0.detail] as [String: Any] }
        print(JobDescription.json(members))
    }

    private func showText(_ job: Job, _ history: [HistoryEntry]) {
        let status = job.state.status
        var fields: [(String, String)] = [
            ("status", Terminal.paint(status.rawValue, JobDescription.colour(status))), ("provider", job.request.provider),
            ("parameters", job.request.parameters), ("priority", job.request.priority.rawValue), ("tenant", job.request.tenant),
            ("correlation", job.request.correlationID), ("created", JobDescription.time(job.createdAt)),
            ("checks", "\(job.state.attempts), last \(JobDescription.time(job.lastPollAt)), next \(JobDescription.time(job.nextPollAt))"),
            (
                "files",
                "\(job.state.filesDone) of \(job.state.filesTotal)\(job.state.filesFailed > 0 ? ", \(job.state.filesFailed) failed" : "")"
            ),
            ("export", job.exportHandle ?? "–"),
        ]
        if status.isFinal { fields.append(("kept until", JobDescription.time(job.expiresAt))) }
        if job.isCancelRequested { fields.append(("cancel", "requested")) }
        if job.mayBeCreatedTwice { fields.append(("attention", Terminal.paint("the provider may have created a second export", .yellow))) }
        if let resumeAt = job.state.resumeAt { fields.append(("a retry", "continues at \(resumeAt.rawValue)")) }
        if let error = job.error { fields.insert(("error", Terminal.paint("\(error.code): \(error.message)", .red)), at: 1) }
        print(Terminal.paint(job.id.text, .bold))
        for (name, value) in fields { print("  " + name.padding(12) + value) }
        print("")
        for entry in history { print("  " + Self.elapsed(entry.at).padding(12) + Self.describe(entry)) }
    }

    private static func elapsed(_ milliseconds: Int64) -> String {
        let seconds = Double(milliseconds) / 1000
        return switch seconds {
        case ..<60: "+\((seconds * 1000).rounded() / 1000)s"
        case ..<3600: "+\(Int(seconds) / 60)m \(Int(seconds) % 60)s"
        default: "+\(Int(seconds) / 3600)h \(Int(seconds) / 60 % 60)m"
        }
    }

    private static func describe(_ entry: HistoryEntry) -> String {
        switch entry.what {
        case "~": return "check: \(entry.detail)"
        case "!": return Terminal.paint("failed: \(entry.detail)", .yellow)
        case "+": return entry.detail
        default:
            let colour = JobStatus(rawValue: entry.what).map(JobDescription.colour) ?? .bold
            return Terminal.paint(entry.what, colour) + (entry.detail.isEmpty ? "" : "  \(entry.detail)")
        }
    }
}

extension String {
    /// Pads the text with spaces.
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(width - count, 1)) }
}
