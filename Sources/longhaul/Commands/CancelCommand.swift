import ArgumentParser
import EventThread
import ExportCore
import JobStore

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End jobs: their exports at the provider, and their transfers.",
        discussion: """
            An orchestrator tells the provider (`cancel` of its file), then the job ends as FAILED with the code cancelled. Transfers \
            stop within a third of a lease and remove what they have uploaded; objects that had their names already stay, without a \
            manifest. `longhaul retry` takes a cancelled job up again with a new export.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The jobs' names.", valueName: "id")) var ids: [String]
    @Flag(help: "Do not wait until they have ended.") var noWait = false
    @Option(help: ArgumentHelp("Wait for so long at most, as 90s or 5m.", valueName: "time")) var timeout = "60s"
    @Flag(help: "One JSON object a line.") var json = false

    func run() async throws {
        let jobs = try ids.map { id in
            guard let job = JobID(id) else { throw Problem.usage("\(id) is no job's name: \(JobID.rule)") }
            return job
        }
        guard let limit = Duration(setting: timeout) else { throw Problem.usage("--timeout \(timeout) is no time; write 90s or 5m") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-cancel", on: thread, logger: Terminal.quietLogger)
        let outcome: (asked: [JobID], missing: Int)
        do {
            outcome = try await ask(jobs, connection.store)
            if !noWait { try await wait(for: outcome.asked, connection.store, limit) }
        } catch let error as JobStoreError {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
        if outcome.missing > 0 { throw Problem.failed("\(outcome.missing) of \(jobs.count) jobs are not there (any more)") }
    }

    private func ask(_ jobs: [JobID], _ store: JobStore) async throws -> (asked: [JobID], missing: Int) {
        var asked: [JobID] = []
        var missing = 0
        for id in jobs {
            switch try await store.cancel(id) {
            case .asked:
                asked.append(id)
                if noWait { show(id, "asked") }
            case .over(let status): show(id, "over", "it had ended as \(status.rawValue) already")
            case .unknown:
                missing += 1
                show(id, "unknown", "there is no such job")
            }
        }
        return (asked, missing)
    }

    private func wait(for ids: [JobID], _ store: JobStore, _ limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        var open = ids
        while !open.isEmpty {
            let ended = try await store.jobs(open).filter(\.state.status.isFinal)
            for job in ended { show(job.id, job.state.status.rawValue.lowercased(), job.error.map { "\($0.code): \($0.message)" } ?? "") }
            open.removeAll { id in ended.contains { $0.id == id } }
            guard !open.isEmpty else { return }
            guard .now < end else {
                throw Problem.failed(
                    "\(open.count) jobs were asked to end and have not yet, \(open[0]) first: is their provider down (`longhaul doctor`), or does no orchestrator run?"
                )
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func show(_ id: JobID, _ outcome: String, _ detail: String = "") {
        if json { return Terminal.line(JobDescription.json(["exportJobId": id.text, "outcome": outcome, "detail": detail])) }
        Terminal.line("\(id)  \(outcome)\(detail.isEmpty ? "" : "  \(detail)")")
    }
}
