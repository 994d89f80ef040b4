/// The last failures of one kind of work with a provider, by code: few, and for people. Times are milliseconds of the store's clock.
public struct FailureLog: Sendable, Equatable, Codable {
    public struct Entry: Sendable, Equatable, Codable {
        /// The last one, in words, without secrets.
        public var message: String
        /// How many there were since `since`.
        public var times: Int
        /// When the first came.
        public var since: Int64
        /// When the last came.
        public var at: Int64
    }

    /// What fails.
    public enum Work: String, Sendable, Hashable {
        /// Requests to the API: without an answer, or answered by a server error.
        case requests
        /// Attempts at files, from the request to the object.
        case files
    }

    public private(set) var entries: [String: Entry] = [:]
    /// When the work last succeeded. Nothing is noted while the log is empty, and nothing more often than a reader could tell.
    public private(set) var workedAt: Int64?
    /// Whether nothing has succeeded since the last failure. Both may come in one millisecond: processes report them together.
    public private(set) var isUnbroken = false

    /// After that a failure is forgotten.
    private static let memory: Int64 = 3_600_000
    /// A failure that came so long ago is over once the work succeeds.
    private static let lasting: Int64 = 60_000
    private static let kept = 5
    private static let resolution: Int64 = 5_000
    private static let longestMessage = 300

    public init() {}

    /// - Parameter times: those of one kind that are reported together.
    public mutating func failed(_ code: String, _ message: String, times: Int = 1, now: Int64) {
        forget(now)
        var entry = entries[code] ?? Entry(message: "", times: 0, since: now, at: now)
        if let workedAt, workedAt >= entry.at, now - entry.at > Self.lasting { (entry.times, entry.since) = (0, now) }
        entry.message = String(message.prefix(Self.longestMessage))
        entry.times += times
        entry.at = now
        entries[code] = entry
        isUnbroken = true
        guard entries.count > Self.kept, let oldest = entries.min(by: { $0.value.at < $1.value.at }) else { return }
        entries[oldest.key] = nil
    }

    public mutating func worked(now: Int64) {
        forget(now)
        guard !entries.isEmpty else { return }
        if let workedAt, !isUnbroken, now - workedAt < Self.resolution { return }
        (workedAt, isUnbroken) = (now, false)
    }

    /// The failure that came last.
    public var last: (code: String, entry: Entry)? {
        entries.max { ($0.value.at, $0.key) < ($1.value.at, $1.key) }.map { ($0.key, $0.value) }
    }

    /// Those that are not over, the last first.
    public func current(now: Int64) -> [(code: String, entry: Entry)] {
        entries.filter { !isOver($0.value, now) }.sorted { ($0.value.at, $0.key) > ($1.value.at, $1.key) }.map { ($0.key, $0.value) }
    }

    private func isOver(_ entry: Entry, _ now: Int64) -> Bool {
        now - entry.at > Self.memory || (workedAt ?? .min) >= entry.at && now - entry.at > Self.lasting
    }

    private mutating func forget(_ now: Int64) {
        entries = entries.filter { now - $0.value.at <= Self.memory }
        if entries.isEmpty { workedAt = nil }
    }
}

extension ProviderHealth {
    public func failures(of work: FailureLog.Work) -> FailureLog? {
        switch work {
        case .requests: failedRequests
        case .files: failedFiles
        }
    }

    public mutating func failed(_ work: FailureLog.Work, _ code: String, _ message: String, times: Int = 1, now: Int64) {
        change(work) { $0.failed(code, message, times: times, now: now) }
    }

    /// Nothing is stored while nothing has failed: nearly always.
    public mutating func worked(_ work: FailureLog.Work, now: Int64) {
        guard failures(of: work) != nil else { return }
        change(work) { $0.worked(now: now) }
    }

    private mutating func change(_ work: FailureLog.Work, _ body: (inout FailureLog) -> Void) {
        var log = failures(of: work) ?? FailureLog()
        body(&log)
        let kept = log.entries.isEmpty ? nil : log
        switch work {
        case .requests: failedRequests = kept
        case .files: failedFiles = kept
        }
    }
}
