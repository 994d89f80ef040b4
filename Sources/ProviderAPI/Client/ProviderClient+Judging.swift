import ExportCore
import HTTPClient
import JQ

/// Answers that do not fit the provider file.
extension ProviderClient {
    /// Runs `body` over a response that can be requested again. An unexpected response may come from a proxy, so it is retried. Other
    /// failures keep their class: asking again for a list that was read well gives the same list.
    /// - Parameter what: the request in words, such as `status at`.
    func judging<Value>(_ answer: ProviderResponse, _ what: String, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        do throws(Failure) {
            return try body()
        } catch {
            var failure = readable(error, answer, what)
            if ["unexpected-answer", "invalid-class"].contains(failure.code) { failure.failureClass = .transient }
            throw failure
        }
    }

    /// A filter's failure in terms of the answer; any other failure as it is.
    func readable(_ failure: Failure, _ answer: ProviderResponse, _ what: String) -> Failure {
        guard failure.code == "filter-failed" else { return failure }
        let field = Filter.field(ofFailure: failure.message)
        let cause = failure.message.dropFirst(field.count + 2)
        var failure = failure
        failure.code = "unexpected-answer"
        failure.message = "\(described(answer, what)), which \(field) cannot read: \(beginning(answer)) (\(cause))"
        return failure
    }

    /// - Throws: `unexpected-answer`, transient, if a filter of the step reads the body, which is not of the form that is expected.
    func requireReadable(_ answer: ProviderResponse, _ parts: ContextParts, _ what: String) throws(Failure) {
        guard let problem = answer.problem, parts.contains(.body) else { return }
        throw Failure(
            .transient, code: "unexpected-answer",
            message: "\(described(answer, what)), but its body is not \(problem.form): \(beginning(answer)) (\(problem.cause))")
    }

    /// - Throws: `unexpected-answer`, transient, if a filter of files gave null where a list should be.
    func requireList(_ outputs: [JQValue], _ answer: ProviderResponse, _ what: String) throws(Failure) {
        guard outputs.contains(where: \.isNull) else { return }
        throw Failure(
            .transient, code: "unexpected-answer",
            message: "\(described(answer, what)), in which files.items finds null and no list: \(beginning(answer))")
    }

    private func described(_ answer: ProviderResponse, _ what: String) -> String {
        "\(what) \(secrets.shown(url: answer.url)) answered \(answer.status) (\(mediaType(answer) ?? "no media type"))"
    }

    private func beginning(_ answer: ProviderResponse) -> String {
        let start = excerpt(answer)
        return start.isEmpty ? "it is empty" : "it begins with \"\(start.prefix(80))\""
    }
}
