import Synchronization

/// A response whose body is pulled in chunks; the connection pauses while about 256 KiB are unread.
///
/// For one reader at a time. Read it to its end, `cancel` it or release it: each frees the connection.
public final class HTTPStream: Sendable {
    public let status: Int
    public let headers: HTTPHeaders

    private let id: UInt64
    private let client: HTTPClient
    private let state: Mutex<State>
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
        headers = transfer.headers
        id = transfer.id
        self.client = client
        state = Mutex(.idle)
        cancelled = HTTPError(.cancelled, transfer.request, cause: "the stream was cancelled", mayHaveRun: true)
        readTwice = HTTPError(.invalidRequest, transfer.request, cause: "the stream is already being read", mayHaveRun: true)
    }

    deinit { cancel() }

    /// The next chunk of the body, never empty, or `nil` at its end. Cancelling the task ends the transfer.
    /// - Throws: `HTTPError` if the body broke off (`.truncated`), stalled, or exceeds its limit; later calls throw the same error.
    public func next() async throws(HTTPError) -> [UInt8]? {
        switch startReading() {
        case .idle: break
        case .reading: throw readTwice
        case .whole: return nil
        case .failed(let error): throw error
        }
        let result = await client.next(of: id) ?? .failure(cancelled)
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
        if isOpen { Task { [client, id] in await client.abandon(id) } }
    }
}
