import Synchronization

/// A response whose body is pulled in chunks; the connection pauses while about 256 KiB are unread.
///
/// For one reader at a time. Read it to its end, `cancel` it or release it: each frees the connection.
public final class HTTPStream: Sendable {
    public let status: Int
    /// The URL that answered: after redirects, that of the last request.
    public let url: String
    public let headers: HTTPHeaders

    private let id: UInt64
    /// `nil` for a response that is complete already.
    private let client: HTTPClient?
    private let state: Mutex<State>
    /// What `peek` has read and `next` has not returned yet.
    private let peeked = Mutex<[UInt8]>([])
    private let cancelled: HTTPError
    private let readTwice: HTTPError

    private enum State {
        case idle
        case reading
        case whole
        case failed(HTTPError)
    }

    init(of transfer: Transfer, client: HTTPClient) {
        status = transfer.status
        url = transfer.request.url
        headers = transfer.headers
        id = transfer.id
        self.client = client
        state = Mutex(.idle)
        cancelled = HTTPError(.cancelled, transfer.request, cause: "the stream was cancelled", mayHaveRun: true)
        readTwice = HTTPError(.invalidRequest, transfer.request, cause: "the stream is already being read", mayHaveRun: true)
    }

    /// A response that did not come from a server.
    public init(replaying response: HTTPResponse) {
        (status, url, headers) = (response.status, response.url, response.headers)
        (id, client) = (0, nil)
        state = Mutex(.whole)
        let request = HTTPRequest(.get, response.url)
        cancelled = HTTPError(.cancelled, request, cause: "the stream was cancelled")
        readTwice = HTTPError(.invalidRequest, request, cause: "the stream is already being read")
        peeked.withLock { $0 = response.body }
    }

    deinit { cancel() }

    /// The next chunk of the body, never empty, or `nil` at its end. Cancelling the task ends the transfer.
    /// - Throws: `HTTPError` if the body broke off (`.truncated`), stalled, or exceeds its limit; later calls throw the same error.
    public func next() async throws(HTTPError) -> [UInt8]? {
        let kept = peeked.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
        return kept.isEmpty ? try await receive() : kept
    }

    /// The start of the body; `next` still returns it.
    /// - Parameter limit: more than this is not waited for; the result may be longer by a part of a chunk.
    /// - Returns: the bytes, and whether they are the whole body.
    /// - Throws: `HTTPError` as `next` does; the bytes before it stay available to `next`.
    public func peek(atMost limit: Int) async throws(HTTPError) -> (start: [UInt8], isWhole: Bool) {
        while peeked.withLock({ $0.count }) <= limit {
            guard let chunk = try await receive() else { return (peeked.withLock { $0 }, true) }
            peeked.withLock { $0 += chunk }
        }
        return (peeked.withLock { $0 }, false)
    }

    private func receive() async throws(HTTPError) -> [UInt8]? {
        switch startReading() {
        case .idle: break
        case .reading: throw readTwice
        case .whole: return nil
        case .failed(let error): throw error
        }
        let result = await client?.next(of: id) ?? .failure(cancelled)
        state.withLock { state in
            // `cancel` may have run in between.
            guard case .reading = state else { return }
            switch result {
            case .success(nil): state = .whole
            case .success: state = .idle
            case .failure(let error): state = .failed(error)
            }
        }
        return try result.get()
    }

    /// Returns the previous state.
    private func startReading() -> State {
        state.withLock { state in
            defer { if case .idle = state { state = .reading } }
            return state
        }
    }

    /// Discards the rest of the body.
    public func cancel() {
        let isOpen = state.withLock { state in
            switch state {
            case .whole, .failed: return false
            case .idle, .reading: break
            }
            state = .failed(cancelled)
            return true
        }
        if isOpen, let client { Task { [client, id] in await client.abandon(id) } }
    }
}
