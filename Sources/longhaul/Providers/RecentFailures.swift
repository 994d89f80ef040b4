import ExportCore

/// What of a provider's work failed lately, in words.
struct RecentFailures {
    let work: FailureLog.Work
    /// The last first; never empty.
    private let failures: [(code: String, entry: FailureLog.Entry)]
    private let log: FailureLog
    private let now: Int64

    /// - Returns: `nil` if nothing of the provider failed, or if that is over.
    init?(_ work: FailureLog.Work, of health: ProviderHealth, now: Int64) {
        guard let log = health.failures(of: work) else { return nil }
        // What the object storage refuses is not the provider's failure: `StorageRefusals` tells it.
        let failures = log.current(now: now).filter { !StorageRefusals.isOne($0.code) }
        guard !failures.isEmpty else { return nil }
        (self.work, self.failures, self.log, self.now) = (work, failures, log, now)
    }

    /// Whether nothing has succeeded since.
    var isUnbroken: Bool { log.isUnbroken }

    /// `12 attempts at files failed since 2026-11-24 12:03:04 and none succeeded, the last 5s ago with http-403: GET https://… answered 403`.
    var text: String {
        let times = failures.reduce(0) { $0 + $1.entry.times }, since = failures.map(\.entry.since).min()
        let what = work == .files ? "\(counted(times, "attempt")) at files" : counted(times, "request")
        let rest = isUnbroken ? " and none succeeded" : ""
        let others = failures.dropFirst().map { "\($0.code) (\($0.entry.times))" }.joined(separator: ", ")
        let last = failures[0]
        return "\(what) failed since \(JobDescription.time(since))\(rest), the last \(ago(last.entry.at)) with \(last.code): "
            + last.entry.message + (others.isEmpty ? "" : "; before that: \(others)") + success
    }

    /// `connect: GET https://…: connect (Connection refused)`.
    var last: String? { failures.first.map { "\($0.code): \($0.entry.message)" } }

    private var success: String {
        guard !isUnbroken, let workedAt = log.workedAt else { return "" }
        return "; others succeed, the last \(ago(workedAt))"
    }

    private func ago(_ time: Int64) -> String { "\(NextStep.text(max(now - time, 0))) ago" }

    /// For `--json`, by code.
    var members: [String: Any] {
        Dictionary(
            uniqueKeysWithValues: failures.map { code, entry in
                (code, ["times": entry.times, "since": entry.since, "lastAt": entry.at, "message": entry.message] as [String: Any])
            })
    }
}
