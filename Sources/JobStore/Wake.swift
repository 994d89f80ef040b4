import ExportCore

/// A claimed timer on its way through `longhaul.checks`: everything that handling it needs, so that a cycle reads nothing.
///
/// A message holds a line a wake, its fields separated by tabs; `claim.lua` writes it and nothing in between decodes it. Fields:
/// job; version, claims, attempts, failures, unknown statuses, last and next check, as the store's field `progress` has them; status,
/// files in all, files done, files failed, exports left behind, exports created anew, whether the job is to be cancelled (0 or 1),
/// milliseconds waited, export handle (JSON); provider, tenant, correlation id (empty: the job's name) and parameters (JSON), as the
/// field `request` has them.
public struct Wake: Sendable, Equatable {
    public var id: JobID
    public var version: Int64
    public var provider: String
    public var state: JobState
    /// Somebody asked for the end of the job.
    public var isCancelRequested: Bool
    public var correlationID: String
    public var tenant: String
    public var exportHandle: String
    public var parameters: String

    /// The wakes of a message, and how many of its lines are none.
    public static func decode(_ body: [UInt8]) -> (wakes: [Wake], malformed: Int) {
        var wakes: [Wake] = []
        var malformed = 0
        forEachLine(of: body) { line in
            if let wake = Wake(body[line]) { wakes.append(wake) } else { malformed += 1 }
        }
        return (wakes, malformed)
    }

    /// How many wakes a message holds that `claim.lua` made.
    public static func count(_ body: [UInt8]) -> Int {
        var count = 0
        forEachLine(of: body) { _ in count += 1 }
        return count
    }

    private static func forEachLine(of body: [UInt8], _ visit: (Range<Int>) -> Void) {
        var start = 0
        while start < body.count {
            let end = body[start...].firstIndex(of: UInt8(ascii: "\n")) ?? body.count
            if end > start { visit(start..<end) }
            start = end + 1
        }
    }

    private init?(_ line: ArraySlice<UInt8>) {
        var fields = WakeFields(line)
        guard let name = fields.text(), let id = JobID(name), let version = fields.number(), let claims = fields.count(),
            let attempts = fields.count(), let failures = fields.count(), let unknown = fields.count(), fields.next() != nil,
            fields.next() != nil, let status = fields.text().flatMap(JobStatus.init(rawValue:)), let total = fields.count(),
            let done = fields.count(), let failed = fields.count(), let creation = fields.count(), let recreations = fields.count(),
            let cancel = fields.next(), let waited = fields.count(), let exportHandle = fields.text(), let provider = fields.text(),
            let tenant = fields.text(), let correlationID = fields.text(orFor: name)
        else { return nil }
        self.id = id
        self.version = version
        self.provider = provider
        // The first claim of a planned check is not written.
        state = JobState(
            status: status, attempts: attempts, failures: failures, unknownStatuses: unknown, claims: max(claims, 1), filesTotal: total,
            filesDone: done, filesFailed: failed, creation: creation, recreations: recreations, waited: .milliseconds(waited))
        isCancelRequested = cancel.elementsEqual(CollectionOfOne(UInt8(ascii: "1")))
        self.correlationID = correlationID
        self.tenant = tenant
        self.exportHandle = exportHandle
        parameters = fields.rest()
    }
}
