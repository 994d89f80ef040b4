import ArgumentParser
import EventThread
import ExportCore
import JobStore

extension JobStatus: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List jobs by status, newest first.",
        discussion:
            "Jobs in POLLING are sorted by their next check. Times are UTC. Examples: longhaul jobs --status failed --limit 20, longhaul jobs --stats"
    )

    @OptionGroup var options: SettingsOptions

    @Option(name: [.short, .long], help: ArgumentHelp("Only jobs with this status.", valueName: "status"))
    var status: JobStatus?

    @Option(name: [.short, .long], help: ArgumentHelp("The maximum number of jobs per status.", valueName: "n"))
    var limit = 20

    @Flag(help: "Print one JSON object per line.") var json = false

    @Flag(help: "In place of jobs: how well exports were polled, by provider and key.") var stats = false

    func run() async throws {
        guard (1...100_000).contains(limit) else { throw Problem.usage("--limit must be from 1 to 100000") }
        if stats, status != nil { throw Problem.usage("--stats is about exports, not about jobs of a status; leave --status out") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-jobs", on: thread, logger: Terminal.quietLogger)
        do {
            if stats {
                let statistics = PollingStatistics(try await connection.store.knownExports())
                print(json ? statistics.json : statistics.text(width: Terminal.width))
                return await connection.close()
            }
            let counts = try await connection.store.counts()
            var jobs: [Job] = []
            for status in status.map({ [$0] }) ?? JobStatus.allCases {
                jobs += try await connection.store.list(status, limit: limit)
            }
            show(jobs, counts, now: try await connection.store.now())
        } catch {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
    }

    private func show(_ jobs: [Job], _ counts: StatusCounts, now: Int64) {
        if json {
            for job in jobs { print(JobDescription.json(JobDescription(job: job).members)) }
            return
        }
        print(
            JobStatus.allCases.map { "\(Terminal.paint($0.rawValue, JobDescription.colour($0))) \(counts[$0] ?? 0)" }.joined(
                separator: "   "))
        guard !jobs.isEmpty else { return }
        print("")
        var table = Table(["JOB", "PROVIDER", "STATUS", "CHECKS", "FILES", "CREATED", "NEXT CHECK", "ERROR"])
        for job in jobs {
            table.add([
                job.id.text, job.request.provider, job.state.status.rawValue, "\(job.state.attempts)",
                "\(job.state.filesDone)/\(job.state.filesTotal)", JobDescription.time(job.createdAt), Self.nextCheck(job, now),
                job.error.map { "\($0.code): \($0.message)" } ?? "",
            ])
        }
        print(table.text(width: Terminal.width))
    }

    private static func nextCheck(_ job: Job, _ now: Int64) -> String {
        guard job.state.status == .polling, let next = job.nextPollAt else { return "–" }
        return next > now ? "in \(NextStep.text(next - now))" : "now"
    }
}
