import ExportCore

/// How an attempt at a file ended, before the store knows of it.
enum TransferOutcome: Sendable {
    /// Every object has its final name.
    case stored([StoredObject])
    case failed(Failure)
    /// Another worker may have the file by now: nothing more may be done.
    case leaseLost
    /// The worker shuts down.
    case aborted

    /// The label `outcome` of `longhaul_transfers_total`.
    enum Label: String, CaseIterable {
        case stored
        /// Failed, with another attempt to come.
        case retried
        /// Failed for good; what becomes of the job is decided by its rules.
        case failed
        /// Attempts were used up before this one began.
        case exhausted
        case leaseLost = "lease-lost"
        /// The worker shut down and gave the file back.
        case handedBack = "handed-back"
        /// The store could not be told in time; the file's timer brings it back.
        case unrecorded
    }

    /// When to try again after a failure.
    /// - Parameters:
    ///   - attempt: the attempt that failed, from 1.
    ///   - random: uniform in 0..<1.
    /// - Returns: `nil` when there is no further attempt.
    static func retryDelay(
        after failure: Failure, attempt: Int, policy: RetryPolicy, random: Double
    ) -> Duration? {
        if !failure.countsAsAttempt { return policy.delay(failures: attempt, retryAfter: failure.retryAfter, random: random) }
        guard failure.failureClass.isRetriable, attempt < policy.attempts else { return nil }
        return policy.delay(failures: attempt, retryAfter: failure.retryAfter, random: random)
    }
}

/// The right to go on with a file is gone, or has certainly run out by this machine's clock.
struct LeaseLost: Error {}
