public import TraceContext

/// The span that a request belongs to, where its task does not tell.
public final class RequestTrace: Sendable {
    let parent: TraceContext
    let shownURL: String

    /// - Parameter shownURL: for its span: without secrets.
    public init(below parent: TraceContext, shownURL: String) { (self.parent, self.shownURL) = (parent, shownURL) }

    /// That of the current task.
    init?(current request: HTTPRequest) {
        guard let parent = Traces.current else { return nil }
        self.parent = parent
        shownURL = request.url
    }
}
