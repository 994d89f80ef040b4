import ExportCore

/// A claimed timer on its way through `longhaul.checks`: everything that handling it needs, so that a cycle reads nothing.
///
/// A message holds a line a wake, its fields separated by tabs; `claim.lua` writes it and nothing in between decodes it. Fields:
/// job, version, status, provider, attempts, failures, unknown statuses, claims, files in all, files done, files failed, exports left
/// behind, exports created anew, whether the job is to be cancelled (0 or 1), milliseconds waited, correlation id, tenant, export
/// handle (JSON), parameters (JSON).
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
        for line in body.split(separator: UInt8(ascii: "\n")) {
            if let wake = Wake(line: line) { wakes.append(wake) } else { malformed += 1 }
        }
        return (wakes, malformed)
    }

    /// Of counts, and of milliseconds: 31 years.
    private static let largestNumber: Int64 = 1_000_000_000_000

    init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 18, omittingEmptySubsequences: false)
        guard fields.count == 19 else { return nil }
        func text(_ index: Int) -> String { String(decoding: fields[index], as: UTF8.self) }
        func number(_ index: Int) -> Int64? { Int64(text(index)) }
        // Whoever can publish can write a line: a number that overflows what is computed from it would end the process.
        func count(_ index: Int) -> Int64? { number(index).flatMap { (0...Self.largestNumber).contains($0) ? $0 : nil } }
        guard let id = JobID(text(0)), let version = number(1), let status = JobStatus(rawValue: text(2)),
            let attempts = count(4), let failures = count(5), let unknown = count(6), let claims = count(7),
            let total = count(8), let done = count(9), let failed = count(10), let creation = count(11), let recreations = count(12),
            let waited = count(14)
        else { return nil }
        self.id = id
        self.version = version
        provider = text(3)
        state = JobState(
            status: status, attempts: Int(attempts), failures: Int(failures), unknownStatuses: Int(unknown), claims: Int(claims),
            filesTotal: Int(total), filesDone: Int(done), filesFailed: Int(failed), creation: Int(creation), recreations: Int(recreations),
            waited: .milliseconds(waited))
        isCancelRequested = text(13) == "1"
        correlationID = text(15)
        tenant = text(16)
        exportHandle = text(17)
        parameters = text(18)
    }
}
