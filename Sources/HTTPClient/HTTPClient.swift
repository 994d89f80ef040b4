import EventThread
import Logging
import TraceContext

/// An HTTP/1.1 client on libcurl, with thousands of requests in flight on one event thread.
///
/// It uses libcurl's multi socket interface: the thread reports ready sockets, and connections are kept and reused. A request waits
/// for a free connection of its host, first come, first served. Every buffer is bounded and every wait has a deadline.
///
/// The process must ignore SIGPIPE: OpenSSL writes to sockets whose peer may be gone.
public actor HTTPClient {
    public nonisolated let configuration: HTTPClientConfiguration
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let thread: EventThread
    let logger: Logger
    let metrics: HTTPClientMetrics
    let slots: ConnectionSlots
    /// Requests until their response, streams until their end is read.
    var transfers: [UInt64: Transfer] = [:]
    /// The number of transfers that have not ended.
    var running = 0
    var deadlineTimer: TimerHandle?
    var isShutDown = false
    /// The hosts that were asked for by way of a proxy.
    var vetted: [String: VettedHost] = [:]
    var whenDrained: [CheckedContinuation<Void, Never>] = []

    private var lastID: UInt64 = 0
    private var multi: Multi?

    /// - Parameter thread: may be shared with other drivers of the process.
    public init(_ configuration: HTTPClientConfiguration = HTTPClientConfiguration(), on thread: EventThread, logger: Logger) {
        self.configuration = configuration
        self.thread = thread
        self.logger = logger
        metrics = HTTPClientMetrics(client: configuration.name)
        slots = ConnectionSlots(maxPerHost: configuration.maxConnectionsPerHost, maxTotal: configuration.maxConnections)
    }

    // libcurl closes its sockets through the thread. An isolated deinit would express that, but Swift 6.3 then fails to compile
    // optimised callers of `init` in other modules ("circular reference").
    deinit {
        guard let multi else { return }
        Task(executorPreference: thread) { multi.close() }
    }

    /// Sends the request and returns the response once its body is complete, whatever its status. Cancelling the task ends the
    /// transfer at once.
    /// - Throws: `HTTPError` if no complete response arrives within the limits of the request and the client.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let id = nextID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                start(id, request, .send { continuation.resume(returning: $0) })
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            Task { [weak self] in await self?.cancel(id) }
        }
        return try result.get()
    }

    /// Like `send`, but without a waiting task: at thousands of requests a second, tasks cost as much as the requests.
    /// - Parameters:
    ///   - caller: the caller's thread, the client's or another one.
    ///   - then: called once, on the caller's thread; before this returns if that is the client's thread and nothing can be sent.
    public nonisolated func send(
        _ request: HTTPRequest, from caller: EventThread, then: @escaping @Sendable (Result<HTTPResponse, HTTPError>) -> Void
    ) {
        var request = request
        // The client's thread does not know the caller's task.
        if Traces.areOn, request.trace == nil { request.trace = RequestTrace(current: request) }
        thread.perform(from: caller) { [self, request] in
            assumeIsolated { client in
                client.start(client.nextID(), request, .send { [thread] result in caller.perform(from: thread) { then(result) } })
            }
        }
    }

    /// Sends the request and returns when the response header has arrived; the body is then pulled from the stream.
    /// - Throws: `HTTPError` if no header arrives within the limits of the request and the client.
    public func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        let id = nextID()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                start(id, request, .stream(continuation))
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            Task { [weak self] in await self?.cancel(id) }
        }
        return try result.get()
    }

    /// Returns in one of the next turns of the client's thread, in which requests can complete.
    public func nextTurn() async {}

    /// Refuses new requests, waits until those in flight have ended, for at most `deadline`, and cancels the rest (`.shutDown`).
    /// Then closes the connections.
    public func shutdown(within deadline: Duration = .seconds(30)) async {
        isShutDown = true
        await withCheckedContinuation { continuation in
            whenDrained.append(continuation)
            if running == 0 { return drained() }
            thread.schedule(after: deadline) { [weak self] in self?.assumeIsolated { $0.abandonAll() } }
        }
        multi?.close()
        multi = nil
    }

    private func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// Creates the libcurl handle at first use, because only then does the caller run on the thread.
    func openMulti() -> Multi? {
        if let multi { return multi }
        multi = Multi(configuration, on: thread) { [weak self] event in self?.assumeIsolated { $0.handle(event) } }
        return multi
    }

    private func handle(_ event: Multi.Event) {
        guard let multi else { return }
        multi.handle(event)
        while let (handle, code) = multi.nextDone() { ended(handle, code) }
        deliverTouched()
    }

    /// Delivers to streams what the calls into libcurl received.
    func deliverTouched() {
        guard let multi, !multi.touched.isEmpty else { return }
        let touched = multi.touched
        multi.touched.removeAll(keepingCapacity: true)
        for transfer in touched {
            transfer.isTouched = false
            deliver(transfer)
        }
    }
}
