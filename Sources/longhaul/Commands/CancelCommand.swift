import ArgumentParser
import EventThread
import ExportCore
import JobStore

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel jobs: stop their exports at the provider and their transfers.",
        discussion: """
            An orchestrator cancels the export at the provider if the provider file has `cancel`. The job then ends as FAILED with the \
            code cancelled. Transfers stop within a third of a lease and remove what they have uploaded. Objects that already have \
            their final names stay, without a manifest. `longhaul retry` starts a cancelled job again with a new export.

            Example: longhaul cancel orders-2026-11-24 --timeout 5m
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The job ids.", valueName: "id")) var ids: [String]
    @Flag(help: "Do not wait until the jobs have ended.") var noWait = false
    @Option(help: ArgumentHelp("The longest time to wait, such as 90s or 5m.", valueName: "time")) var timeout = "60s"
    @Flag(help: "Print one JSON object per line.") var json = false

    func run() async throws {
        let jobs = try ids.map { id in
            guard let job = JobID(id) else { throw Problem.usage("\"\(id)\" is not a valid job id: \(JobID.rule)") }
            return job
        }
        guard let limit = Duration(setting: timeout) else { throw Problem.usage("--timeout \(timeout): not a time; write 90s or 5m") }
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
        if outcome.missing > 0 {
            throw Problem.failed("\(outcome.missing) of \(counted(jobs.count, "job")) unknown: not admitted yet, or expired")
        }
    }

    private func ask(_ jobs: [JobID], _ store: JobStore) async throws -> (asked: [JobID], missing: Int) {
        var asked: [JobID] = []
        var missing = 0
        for id in jobs {
            switch try await store.cancel(id, by: Operator.name) {
            case .asked:
                asked.append(id)
                if noWait { show(id, "asked") }
            case .over(let status): show(id, "over", "it already ended as \(status.rawValue)")
            case .unknown:
                missing += 1
                show(id, "unknown", "no such job; if it was submitted, its message may wait for an orchestrator: cancel it again then")
            }
        }
        return (asked, missing)
    }

    private func wait(for ids: [JobID], _ store: JobStore, _ limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        var open = ids
        while !open.isEmpty {
            let ended = try await store.jobs(open).filter(\.state.status.isFinal)
            for job in ended {
                let isCancelled = job.error?.code == JobError.cancelled
                let detail = job.error.map { isCancelled ? $0.message : "\($0.code): \($0.message)" }
                show(job.id, isCancelled ? JobError.cancelled : job.state.status.rawValue.lowercased(), detail ?? "")
            }
            open.removeAll { id in ended.contains { $0.id == id } }
            guard !open.isEmpty else { return }
            guard .now < end else {
                throw Problem.failed(
                    "\(open.count) jobs have not ended yet, among them \(open[0]); check that an orchestrator runs and that the provider is up (`longhaul doctor`)"
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
