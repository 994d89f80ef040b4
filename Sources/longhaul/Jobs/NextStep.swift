import ExportCore
import JobStore

/// The next request for a job, and when it will be sent: when its timer is due, and not before its provider may be asked. It never lies in
/// the past: what is overdue is due now.
struct NextStep: Equatable {
    /// `check`, or `attempt` after a failure.
    let what: String
    /// Milliseconds of the store's clock.
    private(set) var at: Int64
    let now: Int64
    /// Whether the provider, not the job's own timer, decides when.
    private(set) var isHeldBack = false
    /// What of the job it is for; `nil`: the job itself.
    var subject: String?

    init(what: String, at: Int64, now: Int64, subject: String) {
        (self.what, self.at, self.now, self.subject) = (what, max(at, now), now, subject)
    }

    /// - Returns: `nil` if the timer stands for no request: the job has ended, waits for its turn, or its files are transferred.
    init?(_ job: Job, due: DueTime) {
        guard let at = due.at, !due.isInLine else { return nil }
        let state = job.state
        switch state.status {
        case .polling: what = state.failures > 0 ? "attempt" : "check"
        case .pending, .ready:
            guard state.failures > 0 || state.creation > 0 || state.deferredFor != nil else { return nil }
            what = "attempt"
        case .processing, .completed, .failed: return nil
        }
        self.at = max(at, due.now)
        now = due.now
    }

    /// Of a job whose timer is due only because its provider could not be asked.
    init(heldBack what: String, until at: Int64, now: Int64) { (self.what, self.at, self.now, isHeldBack) = (what, at, now, true) }

    /// The same, not before the provider may be asked.
    /// - Parameter time: `nil`: that is now.
    func notBefore(_ time: Int64?) -> NextStep {
        guard let time, time > at else { return self }
        var later = self
        (later.at, later.isHeldBack) = (time, true)
        return later
    }

    /// `in 2m31s`, or `now`.
    var delay: String { at > now ? "in \(Self.text(at - now))" : "now" }

    /// `2m31s`, rounded up to seconds; `4h05m` from an hour on.
    static func text(_ milliseconds: Int64) -> String {
        let seconds = (milliseconds + 999) / 1000
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m\(padded(seconds % 60))s"
        case ..<86_400: "\(seconds / 3600)h\(padded(seconds / 60 % 60))m"
        default: "\(seconds / 86_400)d\(padded(seconds / 3600 % 24))h"
        }
    }
}
