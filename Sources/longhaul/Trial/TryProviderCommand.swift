import ArgumentParser
import EventThread
import ExportCore
import HTTPClient
import JobMessages
import ProviderAPI

struct TryProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Run one real export step by step, and show what the provider file makes of each answer.",
        discussion: """
            Needs neither RabbitMQ nor Redis. Secrets are read as the services \
            read them, and shown as ***. Files are downloaded and counted, not \
            stored, unless --save names a folder.

            Examples:
              longhaul provider try acme.yaml -p report=orders
              longhaul provider try acme.yaml -p report=orders --until status
              longhaul provider try acme.yaml -p report=orders --step --curl
              longhaul provider try acme.yaml -p report=orders --record tape
              longhaul provider try acme.yaml --replay tape
            """)

    enum Stop: String, CaseIterable, ExpressibleByArgument {
        case create, status, files, download
    }

    @OptionGroup var options: SettingsOptions
    @Argument(help: ArgumentHelp("The provider file.", valueName: "file")) var file: String
    @Option(
        name: [.customShort("p"), .customLong("parameter")],
        help: ArgumentHelp(
            "A parameter of the job; can be repeated. The value is read as JSON where it is JSON and the file does not want text.",
            valueName: "name=value"))
    var parameter: [String] = []
    @Option(help: ArgumentHelp("All parameters as a JSON object; --parameter counts over it.", valueName: "json")) var parameters: String?
    @Option(
        help: ArgumentHelp(
            "The job's id (default: a new one).",
            valueName: "name")) var id: String?
    @Option(help: ArgumentHelp("The job's tenant.", valueName: "name")) var tenant: String?
    @Option(
        help: ArgumentHelp(
            "Stop after this step: create, status (after its first answer), files or download.", valueName: "step"))
    var until: Stop = .download
    @Flag(help: "Look for the export of an earlier trial first, as a job does after an interrupted create; see --id.") var find = false
    @Flag(help: "Ask before each step of the export.") var step = false
    @Option(help: ArgumentHelp("The longest wait between two requests (default: 10s).", valueName: "duration")) var longestWait: String?
    @Flag(help: "Wait as long as a job does.") var realTime = false
    @Flag(help: "Print each request as a curl command.") var curl = false
    @Option(help: ArgumentHelp("Write the downloaded files into this folder, as they are served.", valueName: "folder")) var save: String?

    @Option(help: ArgumentHelp("Write requests and answers into this folder, without secrets.", valueName: "folder")) var record: String?
    @Option(help: ArgumentHelp("Answer from a recorded folder: offline, and without waiting.", valueName: "folder")) var replay: String?

    func validate() throws {
        if record != nil, replay != nil { throw ValidationError("--record and --replay exclude each other") }
        if realTime, longestWait != nil { throw ValidationError("--real-time and --longest-wait exclude each other") }
    }

    func run() async throws {
        let settings = try await options.load()
        let source = try Settings.providerSource(file: file)
        let recording = try replay.map { try Recording(folder: $0) }
        let tape = recording.map { ExchangeTape(.replay, $0.exchanges) } ?? record.map { _ in ExchangeTape(.record) }
        if step, !Terminal.isInputTerminal { throw Problem.usage("--step needs a terminal to ask on") }
        let thread = EventThread(name: "longhaul")
        let page = TrialPage(showsCurl: curl)
        let egress = try settings.egress(for: source)
        let http = try settings.httpClient("provider", egress: egress, on: thread, logger: Terminal.quietLogger)
        let client: ProviderClient
        do throws(ProviderFileError) {
            client = try await ProviderClient.open(
                source, http: http, on: thread, secrets: recording == nil ? settings.secretSource : Recording.secrets,
                trace: { page.show($0) },
                tape: tape, note: { page.note($0) })
        } catch {
            throw Problem.usage("\(error)")
        }
        let job = try job(provider: source.name, recording, client.definition.parameters)
        if find, !client.definition.createSafety.contains(.find) { throw Problem.usage("--find: the provider file has no find") }
        for problem in client.secretProblems { throw Problem.usage("\(problem)") }
        let faults = client.definition.parameters?.problems(in: job.request.parameters) ?? []
        guard faults.isEmpty else { throw Problem.usage(faults.joined(separator: "; ")) }
        let trial = Trial(
            client: client, job: job, page: page, stop: until, asks: step, folder: save, longestWait: try wait(),
            findsFirst: find, isReplay: recording != nil)
        let outcome = await Interruption.guarding { await trial.run() }
        if outcome == .done, recording == nil, let problem = try settings.egressProblem(of: source) { page.note(problem) }
        if let record, let tape { try Recording(job, tape.remaining, client).write(to: record, source) }
        await http.shutdown(within: .zero)
        thread.stop()
        if outcome == .interrupted { throw ExitCode(130) }
        if outcome != .done { throw ExitCode(1) }
    }

    private func job(provider: String, _ recording: Recording?, _ schema: ParameterSchema?) throws -> JobContext {
        let name = id ?? recording?.id ?? "try-\(UInt32.random(in: 0 ... .max))"
        guard let id = JobID(name) else { throw Problem.usage("--id \(name): must be \(JobID.rule)") }
        let parameters = try JobParameters(object: parameters ?? recording?.parameters, pairs: parameter, schema: schema).json()
        return JobContext(
            JobRequest(id: id, provider: provider, parameters: parameters, tenant: tenant ?? recording?.tenant ?? "default"))
    }

    /// The longest wait; `nil`: as long as a job does.
    private func wait() throws -> Duration? {
        if realTime { return nil }
        guard let longestWait else { return .seconds(10) }
        guard let wait = Duration(setting: longestWait) else {
            throw Problem.usage("--longest-wait \(longestWait): write a number and its unit, such as 0s, 500ms or 1m")
        }
        return wait
    }
}
