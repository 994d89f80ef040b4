import ExportCore
import JQ

/// A compiled provider file: its values, requests and filters. Bound to the thread of its jq programs.
final class ProviderPlan {
    let definition: ProviderDefinition
    let base: Template
    let credentials: Credentials
    /// Those of status checks, and their session. Read once, because checks are the hot path.
    let statusCredentials: Credentials
    let statusSession: SessionPlan?
    /// Shown to the hosts that the provider file names.
    let tls: ClientTLS?
    /// In place of the proxy of the settings.
    let proxy: ProxyPlan?
    /// Who is told about the ends of jobs.
    let webhook: WebhookPlan?
    let create: CreatePlan
    let find: FindPlan?
    /// What comes between the create and the wait of `status`.
    let steps: [StepEntry]
    let status: StatusPlan
    let files: FilesPlan
    let download: DownloadPlan
    let cancel: CancelPlan?
    let cleanup: CancelPlan?
    let pollingKey: Filter?
    /// The first field that names each secret.
    let secretFields: [String: Field]
    /// Whose secrets the jobs use; `nil`: all the same.
    let accounts: AccountChoice?
    /// Is told what each filter gives; `nil` if nobody wants to know.
    let trace: FilterTrace?
    /// What the file probably does not mean.
    private(set) var advice: [ProviderFileProblem] = []

    private static let keys =
        [
            "provider", "baseURL", "auth", "create", "find", "steps", "status", "files", "download", "cancel", "cleanup", "polling",
            "retry",
            "recreate", "onFileFailure", "limits", "timeouts", "breaker", "tls", "proxy", "parameters", "secrets", "webhook",
        ] + AnswerDefaults.keys

    /// - Parameters:
    ///   - trace: is told what each filter gives.
    ///   - log: is told what the decoder accepts.
    /// - Throws: all problems of the file at once.
    init(_ source: ProviderSource, trace: FilterTrace? = nil, log: DecoderLog? = nil) throws(ProviderFileError) {
        self.trace = trace
        let report = ProblemReport(file: source.file, log: log)
        guard let field = YAMLDocument.root(of: source.yaml, report: report), let root = Section(field) else {
            throw ProviderFileError(report.problems)
        }
        let compiler = FilterCompiler(trace: trace)
        root.reportUnknown(Self.keys)
        log?.note("provider", .text)
        // Its files must exist, so no file has it here.
        log?.note("tls", keys: ClientTLS.keys)
        for key in ClientTLS.keys { log?.note("tls.\(key)", .text) }
        var definition = ProviderDefinition(name: ProviderSource.name(root) ?? source.name, file: source.file, baseURL: "")

        // Requests before the export exists have no `.export`: a filter then names what else to take.
        let (base, credentials) = compiler.having([.anywhere, .export]) {
            (BaseURL.read(root, compiler), Credentials(root["auth"], compiler))
        }
        report.withoutLog { ShellVariables.check(root["auth"]) }
        self.credentials = credentials
        tls = root["tls"].flatMap { ClientTLS($0, compiler) }
        proxy = root["proxy"].flatMap { ProxyPlan($0, compiler) }
        if case .session(let session) = credentials, let base { session.check(base, root["auth"]) }
        compiler.credentials = credentials.names
        let defaults = AnswerDefaults(root, compiler)
        let create = root.required("create", fix: "write the request that starts an export").flatMap { field in
            compiler.having([.anywhere, .callback]) { CreatePlan(field, defaults, compiler) }
        }
        find = root["find"].flatMap { FindPlan($0, defaults, compiler) }
        steps = compiler.having([.anywhere, .export, .callback]) { PhasePlan.list(root["steps"], defaults, compiler) }
        let status = root.required("status", fix: "write the request that returns the status").flatMap {
            Self.status($0, defaults, compiler)
        }
        let files = Self.files(root, status, defaults, compiler)
        cancel = root["cancel"].flatMap { field in
            compiler.having([.anywhere, .export]) { CancelPlan(field, ["states"], defaults, compiler) }
        }
        cleanup = root["cleanup"].flatMap { field in
            compiler.having([.anywhere, .export]) { CancelPlan(field, [], defaults, compiler) }
        }
        download = DownloadPlan(root["download"], &definition.download, credentials, defaults, compiler)
        accounts = root["secrets"].flatMap { AccountChoice($0, compiler) }
        pollingKey = definition.readPolling(root["polling"], compiler)
        definition.readRules(root)
        log?.note("parameters", .any)
        definition.parameters = root["parameters"].flatMap { ParameterSchema($0) }
        if let schema = definition.parameters { ContextCheck.check(compiler.parameterUses, schema) }
        if definition.recreate.attempts > 0, let create, !create.tellsExportsApart {
            let fix = "write Idempotency-Key: \"{{ .job.idempotencyKey }}\", whose value differs for each export of a job"
            root["create"]?.problem(
                "recreate is set, but the Idempotency-Key is the same for every export: the API would return the failed one", fix: fix)
        }
        Self.checkExportNames(compiler, create, find, steps, status)
        if status?.batch != nil, let base, !base.parts.union(credentials.parts).isDisjoint(with: [.job, .parameters, .export]) {
            root["status"].flatMap(Section.init)?["batch"]?.problem(
                "baseURL or auth depends on the job, so that no request can be for several", fix: "remove batch")
        }
        // Read behind all others: it has secrets of its own.
        secretFields = compiler.secrets
        webhook = root["webhook"].flatMap { WebhookPlan($0, compiler) }
        accounts?.check(secretFields.keys)
        try report.throwIfAny()
        guard let base, let create, let status, let files else {
            // The report already contains every missing part.
            throw ProviderFileError(report.problems)
        }

        definition.version = source.version
        definition.baseURL = root["baseURL"]?.node.scalar?.string ?? ""
        definition.refreshesLinks = files.refresh
        definition.emptyList = files.none
        definition.batch = status.batch?.rules
        definition.givesCallback = ([create.request] + steps.map(\.plan.request)).contains { $0.parts.contains(.callback) }
        definition.data = files.data?.rules
        definition.canCancel = cancel != nil
        definition.cleansUp = cleanup != nil
        definition.steps = steps.count
        definition.beginsWithRequest = steps.first?.plan.isRequest ?? false
        definition.createSafety = Self.safety(create, find)
        definition.acceptsSecondExport = root["create"].flatMap(Section.init)?.has("idempotent") ?? false
        definition.webhookStatuses = webhook?.statuses ?? []
        definition.secretNames = compiler.secrets.keys.sorted()
        self.base = base
        self.create = create
        self.status = status
        statusCredentials = status.request.credentials ?? credentials
        statusSession = if case .session(let session) = statusCredentials { session } else { nil }
        self.files = files
        self.definition = definition
        PlanAdvice(plan: self, report: report, root: root).give()
        advice = report.advice
    }

    /// Whether the answer that makes an export ready also lists its files. Not if that needs the job, which a wake carries only in part.
    var listsReadyAnswer: Bool { files.request == nil && files.data == nil && !files.parts.contains(.job) }

    /// Those of the secrets that all accounts share.
    var sharedSecretFields: [String: Field] {
        guard let accounts else { return secretFields }
        return secretFields.filter { !(accounts.names?.contains($0.key) ?? true) }
    }

    /// Those that a request sends: its own, or the provider's.
    func credentials(of request: RequestTemplate) -> Credentials { request.credentials ?? credentials }

    private static func files(_ root: Section, _ status: StatusPlan?, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) -> FilesPlan?
    {
        if status?.ready == .download, !root.has("files"), let field = root["status"] {
            return FilesPlan(readyAnswerOf: field, defaults, compiler)
        }
        let field = root.required("files", fix: "describe how to list the files of an export")
        return field.flatMap { field in
            compiler.having([.anywhere, .export, .page]) {
                FilesPlan(field, status?.ready ?? .answer, ofGraphQL: status?.request.body.isGraphQL ?? false, defaults, compiler)
            }
        }
    }

    /// The status request may list further pages of its own answer.
    private static func status(_ field: Field, _ defaults: AnswerDefaults, _ compiler: FilterCompiler) -> StatusPlan? {
        compiler.having([.anywhere, .export, .page]) { StatusPlan(field, defaults, compiler) }
    }

    private static func exportMappings(
        _ create: CreatePlan, _ find: FindPlan?, _ phases: [PhasePlan]
    ) -> [ExportMapping] {
        [create.export, create.adopt?.export, find?.export].compactMap(\.self) + phases.flatMap(\.mappings)
    }

    private static func checkExportNames(
        _ compiler: FilterCompiler, _ create: CreatePlan?, _ find: FindPlan?, _ steps: [StepEntry], _ status: StatusPlan?
    ) {
        // Without the create's own names, every use would be reported.
        guard let create else { return }
        let mappings = exportMappings(create, find, steps.map(\.plan) + (status.map { [.wait($0)] } ?? []))
        ContextCheck.check(compiler.exportUses, stored: Set(mappings.flatMap(\.names)))
    }

    private static func safety(_ create: CreatePlan, _ find: FindPlan?) -> Set<CreateSafety> {
        var safety: Set<CreateSafety> = []
        if create.hasKey { safety.insert(.idempotencyKey) }
        if create.isIdempotent { safety.insert(.declared) }
        if create.adopt != nil { safety.insert(.adopt) }
        if find != nil { safety.insert(.find) }
        return safety
    }
}

/// `baseURL:` — the URL that request paths are appended to.
enum BaseURL {
    private static let fix = "write an http or https URL without a query, such as https://api.example.com/v2"

    /// Returns the URL without a trailing slash.
    static func read(_ root: Section, _ compiler: FilterCompiler) -> Template? {
        guard let field = root.required("baseURL", fix: fix), var text = field.text(fix: fix) else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        guard let template = compiler.template(text, field, encoding: .percent) else { return nil }
        let hasBadLiteral = template.pieces.contains { piece in
            guard case .text(let literal) = piece else { return false }
            return !WebURL.hasOnlyURLCharacters(literal) || literal.contains { "?#@".contains($0) }
        }
        guard WebURL.isAbsolute(text), !hasBadLiteral else {
            field.problem("\"\(text)\" is not a base URL", fix: fix)
            return nil
        }
        return template
    }
}
