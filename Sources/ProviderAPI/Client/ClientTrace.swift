import JQ

/// What a provider client does, one thing after the other, for people. Secrets are replaced by `***`.
public enum TraceEvent: Sendable {
    /// The next request signs in.
    case signIn
    case request(method: String, url: String, headers: [(name: String, value: String)], body: String)
    /// - Parameters:
    ///   - body: the start of the text; of a download nothing.
    ///   - bytes: the length of the body; `nil` if it is not known.
    case answer(status: Int, headers: [(name: String, value: String)], body: String, bytes: Int?, took: Duration)
    /// A filter of the provider file, and what it gave for the last answer or for a request.
    case filter(field: String, filter: String, output: String)
}

public typealias ClientTrace = @Sendable (TraceEvent) -> Void

/// Where the filters of a plan report what they give. Bound to the thread of its plan.
final class FilterTrace {
    /// While filters read secrets that are not known yet.
    var isPaused = false
    var note: ((_ field: String, _ filter: String, _ outputs: [JQValue]) -> Void)?
}
