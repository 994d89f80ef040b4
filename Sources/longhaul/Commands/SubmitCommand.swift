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
            All jobs are checked before the first is sent, and all faulty lines are reported: the exit code is 64 if a message is invalid \
            or no running orchestrator knows its provider, and 1 if its id belongs to another job. The same exportJobId with the same \
            request is the same job: it is not sent again, so an interrupted submission can be repeated if its jobs have ids. If the store \
            cannot be reached, the jobs are submitted with a warning.
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

    @Flag(help: "Submit without checking provider and ids against the store.") var noCheck = false

    func run() async throws {
        let settings = try await options.load()
        let source = try jobSource()
        let limit = try limit()
        let thread = EventThread(name: "longhaul")
        let checked = try await check(source, settings, on: thread)
        let publisher = Publisher(try settings.rabbitMQ(connectionName: "longhaul submit"), on: thread, logger: Terminal.quietLogger)
        do {
            try await publisher.connect()
        } catch {
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        }
        if let warning = checked.warning { Terminal.error("warning: \(warning)") }
        let begun = Date()
        var submission = Submission(publisher: publisher, checked: checked, showsProgress: from != nil)
        do {
            try await submission.publish(source)
        } catch {
            await publisher.shutdown()
            throw error
        }
        await publisher.shutdown()
        reportKnown(checked)
        if wait {
            try await Following(ids: submission.ids, json: json, timeout: limit, begun: begun).run(settings, on: thread)
        } else {
            show(submission.ids, checked)
        }
        thread.stop()
    }

    private func check(_ source: JobSource, _ settings: Settings, on thread: EventThread) async throws -> SubmissionCheck.Passed {
        guard !noCheck else { return try await SubmissionCheck(store: nil).run(source) }
        let connection: StoreConnection
        do {
            connection = try await StoreConnection.open(settings, name: "longhaul-submit", on: thread, logger: Terminal.quietLogger)
        } catch let problem as Problem where problem.code == ExitCode(69) {
            var passed = try await SubmissionCheck(store: nil).run(source)
            passed.warning = "providers and ids were not checked: \(problem.message)"
            return passed
        }
        do {
            let passed = try await SubmissionCheck(store: connection.store).run(source)
            await connection.close()
            return passed
        } catch {
            await connection.close()
            throw error
        }
    }

    private func reportKnown(_ checked: SubmissionCheck.Passed) {
        guard let (id, status) = checked.known.first else { return }
        guard from == nil else {
            return Terminal.error("\(checked.known.count) of \(checked.count) jobs exist already and were not submitted again")
        }
        let advice = status == .failed ? "; `longhaul retry \(id)` retries it" : ""
        Terminal.error("job \(id) exists already with the same request and is \(status.rawValue)\(advice)")
    }

    private func show(_ ids: [JobID], _ checked: SubmissionCheck.Passed) {
        for id in ids {
            guard json else {
                print(id.text)
                continue
            }
            var members: [String: Any] = ["exportJobId": id.text]
            if let status = checked.known[id] { members["known"] = status.rawValue }
            print(JobDescription.json(members))
        }
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
