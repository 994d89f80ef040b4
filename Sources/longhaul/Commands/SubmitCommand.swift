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

            The file holds one job message per line: {"provider": "acme", "parameters": {…}, "exportJobId": "…", …}; - is standard input.
            The same exportJobId always names the same job, so an interrupted submission can be repeated if its jobs have ids.
            Prints the job ids. With --wait, the exit code is 1 if a job failed.
            """)

    @OptionGroup var options: SettingsOptions

    @Argument(help: "The provider, as named in its provider file.") var provider: String?

    @Option(
        name: [.customShort("p"), .customLong("parameter")],
        help: ArgumentHelp(
            "A parameter; can be repeated. A value that is valid JSON is sent as JSON, otherwise as text.", valueName: "name=value"))
    var parameter: [String] = []
    @Option(help: ArgumentHelp("All parameters as a JSON object.", valueName: "json")) var parameters: String?
    @Option(help: ArgumentHelp("The job id, exportJobId (default: a new UUID).", valueName: "name")) var id: String?
    @Option(help: ArgumentHelp("high, normal or low.", valueName: "priority")) var priority: JobPriority?
    @Option(help: ArgumentHelp("The tenant that owns the job.", valueName: "name")) var tenant: String?
    @Option(help: ArgumentHelp("An id for logs and messages (default: the job id).", valueName: "id")) var correlationId: String?
    @Option(help: ArgumentHelp("An https:// URL to store with the job; nothing is sent to it yet.", valueName: "url")) var webhook: String?
    @Option(help: ArgumentHelp("Submit the jobs of this NDJSON file; - reads standard input.", valueName: "file")) var from: String?
    @Flag(help: "Wait until the jobs have ended.") var wait = false
    @Option(help: ArgumentHelp("The longest time to wait with --wait, such as 90s or 2h.", valueName: "time")) var timeout: String?
    @Flag(help: "Print one JSON object per line: the job id, and the job with --wait.") var json = false

    func run() async throws {
        let settings = try await options.load()
        let source = try jobSource()
        _ = try limit()
        let thread = EventThread(name: "longhaul")
        let publisher = Publisher(try settings.rabbitMQ(connectionName: "longhaul submit"), on: thread, logger: Terminal.quietLogger)
        do {
            try await publisher.connect()
        } catch {
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        }
        var submission = Submission(publisher: publisher, total: source.count, showsProgress: from != nil)
        do {
            try await submission.publish(source)
        } catch {
            await publisher.shutdown()
            throw error
        }
        await publisher.shutdown()
        if !wait { for id in submission.ids { print(json ? JobDescription.json(["exportJobId": id.text]) : id.text) } }
        if wait { try await Following(ids: submission.ids, json: json, timeout: try limit()).run(settings, on: thread) }
        thread.stop()
    }

    private func limit() throws -> Duration? {
        guard let timeout else { return nil }
        guard let limit = Duration(setting: timeout) else { throw Problem.usage("--timeout \(timeout): must be a time such as 90s or 2h") }
        return limit
    }

    private func jobSource() throws -> JobSource {
        if let from {
            guard provider == nil, parameter.isEmpty, parameters == nil, id == nil, priority == nil, tenant == nil, correlationId == nil,
                webhook == nil
            else {
                throw Problem.usage("--from reads all jobs from the file; remove PROVIDER and the options that describe a job")
            }
            return try JobSource(file: from)
        }
        guard let provider else { throw Problem.usage("no job given; name the PROVIDER or use --from FILE, see `longhaul submit --help`") }
        var message: [String: Any] = [
            "provider": provider, "parameters": try parameterObject(), "exportJobId": id ?? UUID().uuidString.lowercased(),
        ]
        message["priority"] = priority?.rawValue
        message["tenant"] = tenant
        message["correlationId"] = correlationId
        message["webhook"] = webhook
        return JobSource(line: JobDescription.json(message))
    }

    private func parameterObject() throws -> [String: Any] {
        var object: [String: Any] = [:]
        if let parameters {
            guard let given = (try? JSONSerialization.jsonObject(with: Data(parameters.utf8))) as? [String: Any] else {
                throw Problem.usage("--parameters must be a JSON object such as '{\"report\": \"orders\"}'")
            }
            object = given
        }
        for pair in parameter {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { throw Problem.usage("--parameter \(pair): must be name=value") }
            let value = String(parts[1])
            // Most values are plain text and not JSON.
            object[String(parts[0])] = (try? JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)) ?? value
        }
        return object
    }
}
