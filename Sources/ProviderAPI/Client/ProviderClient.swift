import EventThread
import ExportCore
import HTTPClient
import JQ

/// Speaks to one export API as its provider file says.
///
/// An actor on the event thread that owns the file's jq programs: a request is made and an answer is judged synchronously on
/// that thread. Whatever goes wrong is a `Failure` by the one classification, its message free of secrets. Nothing is retried here.
public actor ProviderClient {
    public nonisolated let definition: ProviderDefinition
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let plan: ProviderPlan
    let secrets: Secrets
    let contexts = ContextBuilder()
    let http: HTTPClient
    let egress: EgressPolicy?
    let thread: EventThread
    var checks: [UInt64: PendingCheck] = [:]
    var lastCheck: UInt64 = 0

    /// Compiles the file on the thread, which takes about 25 ms for each different filter that is more than a path.
    /// - Parameters:
    ///   - secrets: asked for each secret that the file names, once.
    ///   - egress: which addresses may be connected to; `nil`: as the HTTP client is configured.
    /// - Throws: all problems of the file, or else all secrets that are missing.
    public static func open(
        _ source: ProviderSource, http: HTTPClient, on thread: EventThread, secrets: SecretSource, egress: EgressPolicy? = nil
    ) async throws(ProviderFileError) -> ProviderClient {
        try await PlanCompiler(thread: thread).client(source, http: http, secrets: secrets, egress: egress)
    }

    /// Everything that is wrong with the file; secrets are not asked for.
    public static func problems(of source: ProviderSource, on thread: EventThread) async -> [ProviderFileProblem] {
        await PlanCompiler(thread: thread).problems(of: source)
    }

    fileprivate init(
        _ plan: sending ProviderPlan, http: HTTPClient, on thread: EventThread, secrets source: SecretSource, egress: EgressPolicy?
    ) throws(ProviderFileError) {
        secrets = try Secrets(plan.secretFields, from: source)
        definition = plan.definition
        self.plan = plan
        self.http = http
        self.thread = thread
        self.egress = egress
    }

    /// Returns in one of the next turns of the HTTP client's thread, which may be another one.
    public nonisolated func nextTurnOfHTTP() async { await http.nextTurn() }

    public nonisolated func runs(on thread: EventThread) -> Bool { self.thread === thread }

    // libjq's values belong to the thread, their end included.
    isolated deinit {}
}

/// Brings compiling onto the thread that the programs belong to.
private actor PlanCompiler {
    let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(thread: EventThread) { self.thread = thread }

    func client(_ source: ProviderSource, http: HTTPClient, secrets: SecretSource, egress: EgressPolicy?) throws(ProviderFileError)
        -> ProviderClient
    {
        try ProviderClient(try ProviderPlan(source), http: http, on: thread, secrets: secrets, egress: egress)
    }

    func problems(of source: ProviderSource) -> [ProviderFileProblem] {
        do throws(ProviderFileError) {
            _ = try ProviderPlan(source)
            return []
        } catch {
            return error.problems
        }
    }
}
