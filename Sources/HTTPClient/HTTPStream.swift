import Synchronization

/// A response whose body is pulled piece by piece; its connection waits while about 256 KiB are unread.
///
/// For one reader at a time. Read it to its end, `cancel` it or let go of it: each gives the connection back.
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
        readTwice = HTTPError(.invalidRequest, transfer.request, cause: "the stream is being read already", mayHaveRun: true)
    }

    deinit { cancel() }

    /// The next piece of the body, never empty, or `nil` when it has ended whole. Cancelling the task ends the transfer.
    /// - Throws: `HTTPError` when the body broke off (`.truncated`), stalled, or exceeds its bound; again at each later call.
    public func next() async throws(HTTPError) -> [UInt8]? {
        switch startReading() {
        case .idle: break
        case .reading: throw readTwice
        case .whole: return nil
        case .failed(let error): throw error
        }
        let result = await client.next(of: id) ?? .failure(cancelled)
        state.withLock { state in
            // `cancel` may have come in between.
            guard case .reading = state else { return }
            switch result {
            case .success(nil): state = .whole
            case .success: state = .idle
            case .failure(let error): state = .failed(error)
            }
        }
        return try result.get()
    }

    /// The state before.
    private func startReading() -> State {
        state.withLock { state in
            defer { if case .idle = state { state = .reading } }
            return state
        }
    }

    /// Gives up on the rest of the body.
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
