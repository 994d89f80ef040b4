import ExportCore
import JobMessages

/// The jobs that claims have found ended a short time ago, so that the other messages of such a job cost no call of the store: there may be
/// tens of thousands.
///
/// A retry gives all files of the job newer tokens. A message is covered only if its token is no newer than that of a message that was found
/// to be late, so that none of a retried job is. A job that is submitted again under its name after its record has gone starts at 0 again:
/// therefore nothing is remembered for long.
struct EndedJobs: Sendable {
    static let limit = 256
    static let memory = Duration.seconds(10)

    private struct Ended {
        var token: Int
        var until: ContinuousClock.Instant
    }

    private var jobs: [JobID: Ended] = [:]

    var count: Int { jobs.count }

    /// The store has just refused to claim the file of this message, because its job is over. Without a token the message may be of the
    /// file's first attempt.
    mutating func insert(_ message: DownloadMessage, at now: ContinuousClock.Instant) {
        guard case .file(_, let token) = message.task else { return }
        if jobs.count >= Self.limit, jobs[message.id] == nil { makeRoom(at: now) }
        jobs[message.id] = Ended(token: max(token ?? 0, jobs[message.id]?.token ?? 0), until: now + Self.memory)
    }

    /// Whether the store would refuse this message, too.
    func cover(_ message: DownloadMessage, at now: ContinuousClock.Instant) -> Bool {
        guard case .file(_, let token?) = message.task, let ended = jobs[message.id] else { return false }
        return token <= ended.token && now < ended.until
    }

    private mutating func makeRoom(at now: ContinuousClock.Instant) {
        jobs = jobs.filter { now < $0.value.until }
        guard jobs.count >= Self.limit, let oldest = jobs.min(by: { $0.value.until < $1.value.until }) else { return }
        jobs[oldest.key] = nil
    }
}
