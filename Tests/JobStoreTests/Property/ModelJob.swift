import ExportCore

/// What the store should hold of a job, apart from times.
struct ModelJob: Equatable {
    let id: JobID
    let priority: JobPriority
    let tenant: String

    var status = JobStatus.pending
    var version: Int64 = 0
    var attempts = 0
    var failures = 0
    var unusableAnswers = 0
    /// Those that are written, since the last decision.
    var claims = 0
    /// Its timer is the planned check's: a POLLING job without claims whose timer is elsewhere has been claimed once.
    var isPlanned = false
    var isQueued = true
    var isCancelRequested = false
    var creation = 0
    var recreations = 0
    var createIsUncertain = false
    var resumeAt: JobStatus?
    var export: String?
    var mayBeCreatedTwice = false
    var error: JobError?
    var filesTotal: Int?
    var filesDone: Int?
    var filesFailed: Int?
    var fileError: String?
    var manifestClaims: Int?
    var cursor: String?
    var attemptsBase = 0
    /// Where the search for listed files goes on.
    var filesPublished: Int?
    /// The last answers that were not the wanted ones.
    private(set) var answers: [String] = []
    var files: [ModelFile] = []
    /// Which of the times that are not always there are.
    var times: Set<String> = []
    /// The statuses of its history.
    var transitions = ["PENDING"]

    static let timeFields: Set<String> = ["lastPollAt", "nextPollAt", "since", "expiresAt", "deferredSince"]

    mutating func add(answer: String?) {
        if let answer { answers = (answers + [answer]).suffix(3) }
    }

    /// Whether the step is put off.
    var isDeferred: Bool {
        get { times.contains("deferredSince") }
        set { if newValue { times.insert("deferredSince") } else { times.remove("deferredSince") } }
    }

    var isTransferring: Bool { status == .ready || status == .processing }

    /// Whether every file was stored or given up; while more may be listed it is not known.
    var hasAllFiles: Bool { status == .processing && state.isTransferred }

    /// What a caller who reads the job works with.
    var state: JobState {
        JobState(
            status: status, attempts: attempts, failures: failures, unusableAnswers: unusableAnswers, claims: claims,
            filesTotal: filesTotal ?? 0, filesDone: filesDone ?? 0, filesFailed: filesFailed ?? 0, manifestClaims: manifestClaims ?? 0,
            creation: creation, recreations: recreations, createIsUncertain: createIsUncertain, resumeAt: resumeAt,
            deferredFor: isDeferred ? .zero : nil)
    }

    /// What a caller knows who has read it so.
    var claimed: ClaimedJob {
        ClaimedJob(
            request: JobRequest(id: id, provider: "acme", priority: priority, tenant: tenant), version: version, state: state,
            exportHandle: export, isCancelRequested: isCancelRequested)
    }

    /// The job's hash as `StoreSnapshot` takes it apart, without times and history.
    var fields: [String: String] {
        var fields = [
            "provider": "acme", "tenant": tenant, "correlationId": "c-\(id.text)", "parameters": #"{"report":"orders"}"#,
            "status": status.rawValue, "version": "\(version)",
        ]
        if priority != .normal { fields["priority"] = priority.rawValue }
        if attempts > 0 { fields["attempts"] = "\(attempts)" }
        if failures > 0 { fields["failures"] = "\(failures)" }
        if unusableAnswers > 0 { fields["unusableAnswers"] = "\(unusableAnswers)" }
        if claims > 0 { fields["claims"] = "\(claims)" }
        if isQueued { fields["queued"] = "1" }
        if isCancelRequested { fields["cancel"] = "1" }
        if creation > 0 { fields["creation"] = "\(creation)" }
        if recreations > 0 { fields["recreations"] = "\(recreations)" }
        if createIsUncertain { fields["createIsUncertain"] = "1" }
        fields["resumeAt"] = resumeAt?.rawValue
        fields["export"] = export
        if mayBeCreatedTwice { fields["createdTwice"] = "possible" }
        fields["errorCode"] = error?.code
        fields["errorMessage"] = error?.message
        fields["filesTotal"] = filesTotal.map { "\($0)" }
        fields["filesDone"] = filesDone.map { "\($0)" }
        fields["filesFailed"] = filesFailed.map { "\($0)" }
        fields["fileError"] = fileError
        fields["manifestClaims"] = manifestClaims.map { "\($0)" }
        fields["listingCursor"] = cursor
        fields["filesPublished"] = filesPublished.map { "\($0)" }
        if !answers.isEmpty { fields["answers"] = answers.joined(separator: " | ") }
        if attemptsBase > 0 { fields["attemptsBase"] = "\(attemptsBase)" }
        return fields
    }
}

/// A timer: due already, or so far off that no walk comes there.
struct ModelTimer: Equatable {
    var isDue: Bool
    /// The step of the walk that set it.
    var setAt: Int
}
