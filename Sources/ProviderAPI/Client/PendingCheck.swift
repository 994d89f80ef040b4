import EventThread
import ExportCore
import HTTPClient
import JQ

/// A check that waits for its response. It stays with the actor, because libjq's values belong to it. A class, because there are thousands.
final class PendingCheck {
    let phase: ProviderClient.Phase
    let context: JQValue
    let job: JobContext
    /// As the request had it, or as the answer has changed it.
    var exportHandle: String
    /// As the request had it.
    let asked: String
    let request: (method: HTTPMethod, url: String)
    let token: UsedToken?
    let account: Account
    /// Its place among those that were sent together, and where they are answered.
    let index: Int
    let answers: Inbox<CheckAnswer>
    /// The session that a second request follows if this one is refused; `nil` without a session, and for the second request.
    let retrySession: String?
    let begun = ContinuousClock.now

    init(
        _ phase: ProviderClient.Phase, _ context: JQValue, _ job: JobContext, _ exportHandle: String,
        _ request: (method: HTTPMethod, url: String), _ token: UsedToken?, _ account: Account, _ index: Int,
        _ answers: Inbox<CheckAnswer>, retrySession: String?
    ) {
        (self.phase, self.context, self.job, self.exportHandle, asked) = (phase, context, job, exportHandle, exportHandle)
        (self.request, self.token, self.account) = (request, token, account)
        (self.index, self.answers, self.retrySession) = (index, answers, retrySession)
    }

    /// The texts that stored values are copied from exactly.
    func sources(_ answer: ProviderResponse) -> JSONSources {
        JSONSources(parameters: job.request.parameters, handle: exportHandle, answer: answer.json)
    }
}
