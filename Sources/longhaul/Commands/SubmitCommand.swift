import ArgumentParser
import EventThread
import ExportCore
import Foundation
import JobMessages
import RabbitMQ

extension JobPriority: ExpressibleByArgument {}

struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit one job, or many jobs from a file.",
        discussion: """
            longhaul submit acme -p report=orders -p day=2026-11-24
            longhaul submit acme --parameters '{"report": "orders"}' --id orders-2026-11-24 --wait
            longhaul submit --from jobs.ndjson --wait

            The file holds one job message per line: {"provider": "acme", "parameters": {…}, "exportJobId": "…", …}; - is standard input. \
            All jobs are checked before the first is sent, and all faulty lines are reported: the exit code is 64 if a message is invalid \
            or no running orchestrator knows its provider, and 1 if its id belongs to another job. The same exportJobId with the same \
            request is the same job: it is not sent again, so an interrupted submission can be repeated if its jobs have ids. If the store \
            cannot be reached, the jobs are submitted with a warning. \
            Prints the job ids. With --wait, the exit code is 1 if a job failed.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The provider, as named in its provider file.") var provider: String?

    @Option(
        name: [.customShort("p"), .customLong("parameter")],
        help: ArgumentHelp(
            "A parameter; can be repeated. A value that is JSON is sent as JSON, unless the provider wants text.", valueName: "name=value"))
    var parameter: [String] = []
    @Option(help: ArgumentHelp("All parameters as a JSON object; --parameter counts over it.", valueName: "json")) var parameters: String?
    @Option(help: ArgumentHelp("The job id, exportJobId (default: a new UUID).", valueName: "name")) var id: String?
    @Option(help: ArgumentHelp("high, normal or low.", valueName: "priority")) var priority: JobPriority?
    @Option(help: ArgumentHelp("The tenant that owns the job.", valueName: "name")) var tenant: String?
    @Option(help: ArgumentHelp("An id for logs and messages (default: the job id).", valueName: "id")) var correlationId: String?
    @Option(help: ArgumentHelp("An https:// URL that is told, signed, when the job has ended.", valueName: "url")) var webhook: String?
    @Option(help: ArgumentHelp("Submit the jobs of this NDJSON file; - reads standard input.", valueName: "file")) var from: String?
    @Flag(help: "Wait until the jobs have ended.") var wait = false
    @Option(help: ArgumentHelp("The longest time to wait with --wait, such as 90s or 2h.", valueName: "time")) var timeout: String?
    @Flag(help: "Print one JSON object per line: the job id, and the job with --wait.") var json = false

    @Flag(help: "Submit without checking provider and ids against the store.") var noCheck = false

    func run() async throws {
        let settings = try await options.load()
        let limit = try limit()
        let thread = EventThread(name: "longhaul")
        let source = try source(await schema(settings, on: thread))
        let checked = try await noCheck ? SubmissionCheck(store: nil).run(source) : SubmissionCheck.run(source, settings, on: thread)
        let publisher = Publisher(try settings.rabbitMQ(connectionName: "longhaul submit"), on: thread, logger: Terminal.quietLogger)
        do {
            try await publisher.connect()
        } catch {
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        }
        if let warning = checked.warning { Terminal.error("warning: \(warning)") }
        let traces = try settings.traces("submit", on: thread, logger: Terminal.quietLogger), exporting = traces?.begin()
        let begun = Date()
        var submission = Submission(publisher: publisher, checked: checked, showsProgress: from != nil, keepsRequests: wait)
        do {
            try await submission.publish(source)
        } catch {
            await publisher.shutdown()
            throw error
        }
        await publisher.shutdown()
        if let exporting { await traces?.end(exporting) }
        let report = SubmissionReport(checked: checked, isFile: from != nil, json: json)
        report.tellKnown()
        if wait {
            let following = Following(
                ids: submission.ids, requests: submission.requests, json: json, timeout: limit, begun: begun)
            try await following.run(settings, on: thread)
        } else {
            report.show(submission.ids)
        }
        thread.stop()
    }

    private func limit() throws -> Duration? {
        guard let timeout else { return nil }
        guard wait else { throw Problem.usage("--timeout has no effect without --wait; add --wait") }
        guard let limit = Duration(setting: timeout) else { throw Problem.usage("--timeout \(timeout): must be a time such as 90s or 2h") }
        return limit
    }
}
