import ArgumentParser
import EventThread
import ExportCore
import Foundation
import JobStore

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Retry failed jobs.",
        discussion: """
            longhaul retry orders-2026-11-24
            longhaul retry --error-code http-401 --provider acme
            longhaul retry --status failed --from-start

            A job continues where it failed, with a full set of attempts. Stored files are not downloaded again. If the export itself \
            failed, or with --from-start, a new export is created. Jobs that are not FAILED do not change, so an interrupted retry can \
            be repeated. Cancelled jobs are retried only with --error-code cancelled, or by their ids. The dead letters of the \
            retried jobs are removed.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The job ids; or select jobs by the options below.", valueName: "id")) var ids: [String] = []
    @Option(help: ArgumentHelp("All jobs with this status; only failed is allowed.", valueName: "status")) var status: JobStatus?
    @Option(help: ArgumentHelp("Failed jobs with this error code.", valueName: "code")) var errorCode: String?
    @Option(help: ArgumentHelp("Failed jobs of this provider.", valueName: "name")) var provider: String?
    @Option(help: ArgumentHelp("Failed jobs of this tenant.", valueName: "name")) var tenant: String?
    @Flag(help: "Start with a new export.") var fromStart = false
    @Option(help: ArgumentHelp("The maximum number of jobs per second.", valueName: "n")) var rate: Double = 500
    @Flag(help: "Print which jobs would be retried, and change nothing.") var dryRun = false
    @Flag(help: "Print one JSON object per line.") var json = false

    func run() async throws {
        let names = try ids.map { id in
            guard let job = JobID(id) else { throw Problem.usage("\"\(id)\" is not a valid job id: \(JobID.rule)") }
            return job
        }
        let isBulk = status != nil || errorCode != nil || provider != nil || tenant != nil
        guard isBulk || !names.isEmpty else {
            throw Problem.usage("no jobs selected; give job ids, or filters (--status failed, --error-code, --provider, --tenant)")
        }
        guard names.isEmpty == isBulk else {
            throw Problem.usage("give either job ids or filters (--status failed, --error-code, --provider, --tenant), not both")
        }
        guard status == nil || status == .failed else {
            throw Problem.usage("--status \(status?.rawValue ?? ""): only failed jobs can be retried")
        }
        guard rate > 0, rate <= 1_000_000 else { throw Problem.usage("--rate must be greater than 0 and at most 1000000") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-retry", on: thread, logger: Terminal.quietLogger)
        let retry = BulkRetry(
            store: connection.store, interpreter: connection.interpreter, fromStart: fromStart, interval: .seconds(1) / rate,
            dryRun: dryRun,
            showsJobs: json || !isBulk || dryRun,
            json: json)
        do {
            let begun = try await connection.store.now()
            let filter = RetryFilter(errorCode: errorCode, provider: provider, tenant: tenant)
            let counts = isBulk ? try await retry.run(filter, until: begun) : try await retry.run(names)
            if !json { Terminal.write("\(counts.text(dryRun: dryRun))\n") }
            if counts.isEmpty, let provider { try await warnIfUnknown(provider, connection.store) }
            await connection.close()
            if !dryRun { await removeLetters(of: counts.retried, before: begun, settings) }
            if counts.cancelled > 0, !json {
                Terminal.write("cancelled jobs are retried with --error-code \(JobError.cancelled), or by their ids\n")
            }
            if counts.unknown > 0 { throw Problem.failed("\(counted(counts.unknown, "job")) unknown: never submitted, or expired") }
        } catch let error as JobStoreError {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error); run the command again; it skips jobs that were already retried")
        }
    }

    /// A name with a typing error selects nothing.
    private func warnIfUnknown(_ provider: String, _ store: JobStore) async throws {
        let known = try await store.knownProviders()
        guard !known.names.isEmpty, !known.contains(provider), try await store.health(of: provider).version == 0 else { return }
        Terminal.error("warning: \(UnknownProvider.message(provider, known: known.names))")
    }

    private func removeLetters(of jobs: [JobID], before: Int64, _ settings: Settings) async {
        let letters = RetriedLetters(jobs: Set(jobs), before: Date(timeIntervalSince1970: Double(before) / 1000))
        let outcome = await letters.remove(settings)
        if outcome.removed > 0, !json {
            Terminal.write("\(counted(outcome.removed, "dead letter")) of these jobs removed\n")
        }
        if let note = outcome.note { Terminal.error("warning: \(note)") }
    }
}
