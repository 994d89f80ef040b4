/// One export. Its status is a function of time, so a waiting export costs only its memory.
struct SimulatedExport: Sendable {
    let id: ExportID
    let idempotencyKey: String?
    let plan: ExportPlan
    /// The key from which all random properties of the export are drawn.
    let randomKey: UInt64
    /// In nanoseconds of the sandbox's clock, like all times here.
    let createdAt: Int64
    /// `Int64.max` for a draft, like `readyAt`.
    private(set) var startsAt = Int64.max
    private(set) var readyAt = Int64.max
    let outcome: ExportOutcome
    let fileCount: Int
    var cancelledAt = Int64.max
    /// When a status request first reported the end.
    var detectedAt = Int64.max
    var occasions = Occasions()
    /// The faults injected so far.
    var injected: Set<Fault> = []
    /// Listings and downloads per file; empty until the first one.
    var fileOccasions: [FileOccasions] = []

    /// The number of requests of each kind for this export.
    struct Occasions: Sendable {
        var creates: Int32 = 0
        var starts: Int32 = 0
        var statuses: Int32 = 0
        var listings: Int32 = 0
        var cancels: Int32 = 0
    }

    struct FileOccasions: Sendable {
        var listings: Int32 = 0
        var downloads: Int32 = 0
    }

    /// A draft. It becomes an export that runs by `begin`.
    init(id: ExportID, idempotencyKey: String?, plan: ExportPlan, randomKey: UInt64, now: Int64) {
        self.id = id
        self.idempotencyKey = idempotencyKey
        self.plan = plan
        self.randomKey = randomKey
        createdAt = now
        let fault = plan.faults.decide(at: .outcome, key: randomKey, occasion: 1)?.fault
        outcome = plan.outcome ?? (fault == .failedExport ? .fatal : fault == .emptyExport ? .noData : .done)
        fileCount = outcome == .done ? plan.files.whole(Draw(randomKey, .fileCount)) : 0
        if plan.outcome == nil, let fault { injected.insert(fault) }
    }

    var isDraft: Bool { readyAt == .max }

    mutating func begin(at now: Int64) {
        startsAt = now + Int64(plan.queueTime.value(Draw(randomKey, .queueTime)) * 1e9)
        readyAt = startsAt + Int64(plan.duration.value(Draw(randomKey, .duration)) * 1e9)
    }

    func status(at now: Int64) -> ExportStatus {
        if cancelledAt <= now { return .cancelled }
        if isDraft { return .draft }
        if now < startsAt { return .queued }
        if now < readyAt { return .running }
        switch outcome {
        case .done: return .done
        case .noData: return .noData
        case .fatal: return .fatal
        }
    }

    /// From 0 to 100; 100 only at the end.
    func percent(at now: Int64) -> Int {
        if now >= readyAt { return 100 }
        if now <= startsAt { return 0 }
        return Int(Double(now - startsAt) / Double(readyAt - startsAt) * 100)
    }

    /// Counts a listing or download of the file, and returns the count including this one.
    mutating func count(_ occasion: WritableKeyPath<FileOccasions, Int32>, file: Int) -> Int {
        if fileOccasions.isEmpty { fileOccasions = Array(repeating: FileOccasions(), count: fileCount) }
        fileOccasions[file][keyPath: occasion] += 1
        return Int(fileOccasions[file][keyPath: occasion])
    }
}

/// The statuses of the simulated API.
enum ExportStatus: String, Sendable, CaseIterable {
    case draft = "DRAFT"
    case queued = "IN_QUEUE"
    case running = "IN_PROGRESS"
    case done = "DONE"
    case noData = "NO_DATA"
    case fatal = "FATAL"
    case cancelled = "CANCELLED"

    var isFinal: Bool { self != .draft && self != .queued && self != .running }
}
