import ExportCore

extension ProviderClient {
    /// The text without the secrets that are known.
    public nonisolated func redacted(_ text: String) -> String { shownRedaction.redacted(text) }

    /// A failure that quotes a download, without the secrets that the provider file uses.
    public func redacted(_ failure: Failure) -> Failure {
        var failure = secrets.redacted(failure)
        if var answer = failure.answer {
            answer.request = secrets.redacted(answer.request)
            answer.start = secrets.redacted(answer.start)
            failure.answer = answer
        }
        return failure
    }
}
