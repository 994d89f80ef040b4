import ExportCore

/// Tells a provider that refuses every request from one job that alone is refused.
struct RefusalWatch {
    /// Refused requests in a row, and the jobs that they were for.
    private var refusals = 0
    private var jobs: Set<JobID> = []
    /// The one job whose refusals made the provider be held, although others are accepted.
    private var alone: JobID?
    private var lifts = 0

    /// So many refused requests in a row hold the provider.
    private static let limit = 3

    /// - Parameter lifts: how many holds have ended so far: what came before the last end says nothing any more.
    /// Whether nothing was refused since the last accepted request.
    var isCalm: Bool { refusals == 0 }

    /// - Returns: whether the provider is to be held.
    mutating func refused(_ job: JobID, lifts: Int) -> Bool {
        if lifts != self.lifts { accepted(lifts: lifts) }
        guard job != alone else { return false }
        refusals += 1
        jobs.insert(job)
        return refusals >= Self.limit
    }

    /// A request was accepted, of whatever job.
    mutating func accepted(lifts: Int) {
        if refusals >= Self.limit { alone = jobs.count == 1 ? jobs.first : nil }
        (refusals, jobs, self.lifts) = (0, [], lifts)
    }
}
