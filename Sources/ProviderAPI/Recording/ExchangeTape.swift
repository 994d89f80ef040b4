import HTTPClient
import Synchronization

/// Records the exchanges of a client with its API, or answers in the place of the API.
public final class ExchangeTape: Sendable {
    public enum Mode: Sendable {
        case record
        /// Answers are given in their order to the requests that have their method and URL.
        case replay
    }

    public let mode: Mode
    private let exchanges: Mutex<[RecordedExchange]>

    /// - Parameter exchanges: those to answer with.
    public init(_ mode: Mode, _ exchanges: [RecordedExchange] = []) {
        self.mode = mode
        self.exchanges = Mutex(exchanges)
    }

    /// What was recorded, or is left to be asked for.
    public var remaining: [RecordedExchange] { exchanges.withLock { $0 } }

    func append(_ exchange: RecordedExchange) { exchanges.withLock { $0.append(exchange) } }

    /// - Parameter url: without secrets.
    /// - Throws: `notRecorded`, if the recording has no answer to the request.
    /// - Returns: the answer, and the query that it was given to if that was another.
    func answer(_ request: HTTPRequest, url: String) throws(HTTPError) -> (response: HTTPResponse, otherQuery: String?) {
        let (found, next) = exchanges.withLock { exchanges in
            let method = request.method.rawValue
            let index =
                exchanges.firstIndex { $0.request.method == method && $0.request.url == url }
                // A query may hold the time.
                ?? exchanges.firstIndex { $0.request.method == method && Self.path($0.request.url) == Self.path(url) }
            return (index.map { exchanges.remove(at: $0) }, exchanges.first)
        }
        if let found { return (found.response, found.request.url == url ? nil : String(found.request.url.drop { $0 != "?" })) }
        let hint = next.map { "; it goes on with \($0.request.method) \($0.request.url)" } ?? "; it has ended"
        throw HTTPError(.notRecorded, request, cause: "the recording has no answer to this request\(hint)")
    }

    private static func path(_ url: String) -> Substring { url.prefix { $0 != "?" } }
}
