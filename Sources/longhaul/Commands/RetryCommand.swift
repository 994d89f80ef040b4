import ArgumentParser
import EventThread
import ExportCore
import JobStore

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Take failed jobs up again.",
        discussion: """
            longhaul retry orders-2026-11-24
            longhaul retry --error-code http-401 --provider acme
            longhaul retry --status failed --from-start

            A job goes on where it failed, with all its attempts: files that are stored already are not fetched again. Where the \
            export itself failed, or with --from-start, a new one is created. Jobs that are not FAILED are left alone, so that a \
            retry that was interrupted can be repeated.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The jobs' names; or choose them by the options below.", valueName: "id")) var ids: [String] = []
    @Option(help: ArgumentHelp("All jobs of this status; only failed makes sense.", valueName: "status")) var status: JobStatus?
    @Option(help: ArgumentHelp("Failed jobs with this code.", valueName: "code")) var errorCode: String?
    @Option(help: ArgumentHelp("Failed jobs of this provider.", valueName: "name")) var provider: String?
    @Option(help: ArgumentHelp("Failed jobs of this tenant.", valueName: "name")) var tenant: String?
    @Flag(help: "With a new export.") var fromStart = false
    @Option(help: ArgumentHelp("So many jobs a second at most.", valueName: "n")) var rate: Double = 500
    @Flag(help: "Only tell which jobs it would be.") var dryRun = false
    @Flag(help: "One JSON object a line.") var json = false

    func run() async throws {
        let names = try ids.map { id in
            guard let job = JobID(id) else { throw Problem.usage("\(id) is no job's name: \(JobID.rule)") }
            return job
        }
        let isBulk = status != nil || errorCode != nil || provider != nil || tenant != nil
        guard names.isEmpty == isBulk else {
            throw Problem.usage("name jobs, or choose them by --status failed, --error-code, --provider or --tenant; not both")
        }
        guard status == nil || status == .failed else {
            throw Problem.usage("--status \(status?.rawValue ?? ""): only failed jobs can be retried")
        }
        guard rate > 0, rate <= 1_000_000 else { throw Problem.usage("--rate must be from above 0 to 1000000") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-retry", on: thread, logger: Terminal.quietLogger)
        let retry = BulkRetry(
            store: connection.store, fromStart: fromStart, interval: .seconds(1) / rate, dryRun: dryRun,
            showsJobs: json || !isBulk || dryRun,
            json: json)
        do {
            let counts =
                isBulk
                ? try await retry.run { [errorCode, provider, tenant] job in
                    (errorCode == nil || job.error?.code == errorCode) && (provider == nil || job.provider == provider)
                        && (tenant == nil || job.tenant == tenant)
                } : try await retry.run(names)
            await connection.close()
            if !json { Terminal.write("\(counts.text(dryRun: dryRun))\n") }
            if counts.unknown > 0 { throw Problem.failed("\(counts.unknown) jobs are not there (any more)") }
        } catch let error as JobStoreError {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error); repeat the command, jobs that go on already are left alone")
        }
    }
}
