import EventThread
import ExportCore
import HTTPClient
import JQ
import Synchronization

/// A client for one export API, as its provider file describes it.
///
/// The actor runs on the event thread that owns the file's jq programs: it builds requests and evaluates responses synchronously
/// on that thread. Every error is a classified `Failure` whose message contains no secrets. The client does not retry.
public actor ProviderClient {
    public nonisolated let definition: ProviderDefinition
    public nonisolated let source: ProviderSource
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let plan: ProviderPlan
    /// Those that all jobs share. They keep the secrets of all accounts out of messages.
    var secrets: Secrets
    /// Those of `webhook`, apart from the others: if one is missing, requests to the provider do not wait for it.
    var webhookSecrets: Secrets
    let secretSource: SecretSource
    let sharing: SessionSharing
    let callbacks: CallbackAddress?
    /// How long a process may take to sign in.
    let turn: Duration
    /// The account that all jobs share, and those of `secrets.by`.
    let own: Account
    var accounts: [String: Account] = [:]
    /// What others than this actor need of the secrets.
    private let shared: Mutex<(missing: [String], problems: [ProviderFileProblem], ofWebhook: [ProviderFileProblem], redaction: Redaction)>
    let contexts: ContextBuilder
    let http: HTTPClient
    let egress: EgressPolicy?
    let thread: EventThread
    var checks: [UInt64: PendingCheck] = [:]
    var lastCheck: UInt64 = 0
    /// The tightest budget of each kind of request since `takeBudget`.
    var budgets: [RequestKind: RateBudget] = [:]
    /// Tells operators what the client makes of odd answers.
    let note: @Sendable (String) -> Void
    nonisolated let trace: ClientTrace?
    /// Keeps the exchanges, or answers in the place of the API.
    let tape: ExchangeTape?
    /// What `note` was called for: headers and fields of the provider file.
    private var noted: Set<String> = []

    /// Compiles the provider file on the thread. Each distinct filter that is more than a path takes about 25 ms.
    /// - Parameters:
    ///   - secrets: called once for each secret that the file names, and again by `reloadSecrets`.
    ///   - egress: the addresses that connections may reach; `nil` uses the HTTP client's setting.
    ///   - sessions: where sessions are shared with other processes; `nil` keeps them in this one.
    ///   - callbacks: what `.callback.url` is made of.
    ///   - trace: is told all that happens, for people.
    ///   - tape: records the exchanges, or answers in the place of the API.
    ///   - note: called with a line for operators when an answer is odd but not a failure; once for each kind.
    /// - Throws: all problems of the file. Missing secrets are none: see `secretProblems`.
    public static func open(
        _ source: ProviderSource, http: HTTPClient, on thread: EventThread, secrets: SecretSource, egress: EgressPolicy? = nil,
        sessions: SessionSharing? = nil, callbacks: CallbackAddress? = nil, trace: ClientTrace? = nil, tape: ExchangeTape? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(ProviderFileError) -> ProviderClient {
        try await PlanCompiler(thread: thread).client(
            source, http: http, secrets: secrets, egress: egress, sessions: sessions, callbacks: callbacks, trace: trace, tape: tape,
            note: note)
    }

    /// All problems of the provider file, or advice about one without problems. Secrets are not read.
    public static func problems(of source: ProviderSource, on thread: EventThread) async -> [ProviderFileProblem] {
        await PlanCompiler(thread: thread).problems(of: source)
    }

    fileprivate init(
        _ plan: sending ProviderPlan, of file: ProviderSource, http: HTTPClient, on thread: EventThread, secrets source: SecretSource,
        egress: EgressPolicy?,
        sessions sharing: SessionSharing, callbacks: CallbackAddress?, trace: ClientTrace?, tape: ExchangeTape?,
        note: @escaping @Sendable (String) -> Void
    ) {
        secrets = Secrets(plan.sharedSecretFields, from: source)
        webhookSecrets = Secrets(plan.webhook?.secretFields ?? [:], from: source)
        secretSource = source
        shared = Mutex((secrets.missing, secrets.problems, webhookSecrets.problems, secrets.redaction))
        definition = plan.definition
        self.source = file
        contexts = ContextBuilder(plan.definition.parameters)
        needsSharedSession = if case .session(let session) = plan.credentials { session.isChained } else { false }
        login = LoginPlace(plan)
        hasAccounts = plan.accounts != nil
        self.plan = plan
        self.http = http
        self.thread = thread
        self.egress = egress
        self.note = note
        self.trace = trace
        self.tape = tape
        self.sharing = sharing
        self.callbacks = callbacks
        turn = plan.definition.timeouts.whole + .seconds(5)
        own = Account("", secrets, SessionKeeper(plan.definition.name, sharing: sharing, turn: turn, isChained: needsSharedSession))
        plan.trace?.note = { [weak self] field, filter, outputs in self?.noteFilter(field, filter, outputs) }
    }

    /// Whether each sign-in needs what the last one returned: it must be kept, and only one process may sign in at a time.
    public nonisolated let needsSharedSession: Bool

    /// Whether jobs use the secrets of different accounts.
    public nonisolated let hasAccounts: Bool

    /// Whether a text may be the name of an account.
    public static func isAccountName(_ text: String) -> Bool { AccountChoice.isName(text) }

    /// How a person signs in; `nil` if the provider file has no `login`.
    public nonisolated let login: LoginPlace?

    /// The secrets that are not set or cannot be read, sorted. While there are any, requests that use secrets fail with
    /// `missing-secret`, class `unauthorised`, and are not sent.
    public nonisolated var missingSecrets: [String] { shared.withLock { $0.missing } }

    /// What is wrong with each missing secret, with the position that names it and a fix.
    public nonisolated var secretProblems: [ProviderFileProblem] { shared.withLock { $0.problems } }

    /// The same of the secrets of `webhook`: its messages wait for them.
    public nonisolated var webhookProblems: [ProviderFileProblem] { shared.withLock { $0.ofWebhook } }

    /// The start of a body as one line of at most 200 characters, without the secrets that the provider file uses, control characters and
    /// invisible marks; empty if there is only white space.
    public nonisolated func excerpt(of bytes: [UInt8]) -> String { shownRedaction.excerpt(of: bytes) }

    nonisolated var shownRedaction: Redaction { shared.withLock { $0.redaction } }

    /// Keeps secrets that an account has obtained, such as tokens, out of messages.
    func hide(_ values: [String], of account: Account) {
        secrets.hide(values, of: account.key)
        share()
    }

    /// Lets others than this actor see what has changed.
    func share() {
        let now = (secrets.missing, secrets.problems, webhookSecrets.problems, secrets.redaction)
        shared.withLock { $0 = now }
    }

    /// Tells operators about an odd answer, the first time for each subject.
    func noteOnce(about subject: String, _ text: String) {
        guard noted.insert(subject).inserted else { return }
        note("provider \(definition.name): \(secrets.start(of: text, atMost: 300))")
    }

    func mayNoteAgain(about subject: String) { noted.remove(subject) }

    /// Returns in one of the next turns of the HTTP client's thread, which may be a different thread.
    public nonisolated func nextTurnOfHTTP() async { await http.nextTurn() }

    public nonisolated func runs(on thread: EventThread) -> Bool { self.thread === thread }

    // libjq's values must be freed on their own thread.
    isolated deinit {}
}

/// Runs the compilation on the thread that owns the programs.
private actor PlanCompiler {
    let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(thread: EventThread) { self.thread = thread }

    func client(
        _ source: ProviderSource, http: HTTPClient, secrets: SecretSource, egress: EgressPolicy?, sessions: SessionSharing?,
        callbacks: CallbackAddress?,
        trace: ClientTrace?, tape: ExchangeTape?, note: @escaping @Sendable (String) -> Void
    ) throws(ProviderFileError) -> ProviderClient {
        let plan = try ProviderPlan(source, trace: trace == nil ? nil : FilterTrace())
        return ProviderClient(
            plan, of: source, http: http, on: thread, secrets: secrets, egress: egress, sessions: sessions ?? .ofProcess,
            callbacks: callbacks, trace: trace, tape: tape, note: note)
    }

    func problems(of source: ProviderSource) -> [ProviderFileProblem] {
        do throws(ProviderFileError) {
            return try ProviderPlan(source).advice
        } catch {
            return error.problems
        }
    }
}
