import CCurl
import EventThread

/// A libcurl multi handle with its sockets, timer and pool of easy handles. It lives on one thread.
final class Multi: @unchecked Sendable {
    // Unchecked: only the event thread touches it, which `watch`, `schedule` and similar methods check. It is sendable so that the
    // owner's deinit can send it to that thread to be closed.
    let pointer: UnsafeMutableRawPointer
    let sockets: SocketTable
    let configuration: HTTPClientConfiguration
    /// TLS sessions shared by the easy handles, which would otherwise keep their own. One thread needs no locks.
    let share: UnsafeMutableRawPointer
    /// Streams that received a head or a chunk since the last delivery.
    var touched: [Transfer] = []

    /// An event from the thread. The owner passes it back to `handle`, on the thread.
    enum Event: Sendable { case ready(Int32, Readiness), timer, turnEnd }

    private let thread: EventThread
    private let onEvent: @Sendable (Event) -> Void
    private var timer: (handle: TimerHandle, due: UInt64)?
    /// When libcurl must be called.
    private var due: UInt64?
    private var expiresAtTurnEnd = false
    private var idle: [EasyHandle] = []

    private static let isInitialised = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init?(_ configuration: HTTPClientConfiguration, on thread: EventThread, onEvent: @escaping @Sendable (Event) -> Void) {
        guard Self.isInitialised, let pointer = curl_multi_init() else { return nil }
        guard let share = curl_share_init() else {
            curl_multi_cleanup(pointer)
            return nil
        }
        self.pointer = pointer
        self.share = share
        self.configuration = configuration
        self.thread = thread
        self.onEvent = onEvent
        self.sockets = SocketTable(thread: thread) { onEvent(.ready($0, $1)) }
        shim_share(share, CURL_LOCK_DATA_SSL_SESSION)
        let context = Unmanaged.passUnretained(self).toOpaque()
        shim_multi_on_socket(pointer, { _, descriptor, what, context, _ in Multi.socketChanged(descriptor, what, context) }, context)
        shim_multi_on_timer(pointer, { _, milliseconds, context in Multi.timerChanged(milliseconds, context) }, context)
        shim_multi_set_long(pointer, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maxConnectionsPerHost)
        shim_multi_set_long(pointer, CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.maxConnections)
        shim_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, configuration.maxConnections)
        shim_multi_set_long(pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    /// Closes the connections, in the order that curl_multi_cleanup(3) requires. The handle must not be used afterwards.
    func close() {
        idle.removeAll()
        curl_multi_cleanup(pointer)
        curl_share_cleanup(share)
        if let timer { thread.cancel(timer.handle) }
        timer = nil
    }
}

extension Multi {
    func takeHandle() -> EasyHandle? { idle.popLast() ?? EasyHandle(self) }

    func put(back handle: EasyHandle) {
        if idle.count < configuration.maxConnections { idle.append(handle) }
    }

    func add(_ handle: EasyHandle) -> CURLMcode { curl_multi_add_handle(pointer, handle.pointer) }

    func remove(_ handle: EasyHandle) { curl_multi_remove_handle(pointer, handle.pointer) }

    func handle(_ event: Event) {
        switch event {
        case .ready(let descriptor, let readiness):
            if let bits = sockets.action(readiness, on: descriptor) { act(descriptor, bits) }
        case .turnEnd:
            expiresAtTurnEnd = false
            act(CURL_SOCKET_BAD, 0)
        case .timer:
            timer = nil
            guard let due else { return }
            guard due <= Monotonic.now else { return arm(due) }
            self.due = nil
            act(CURL_SOCKET_BAD, 0)
        }
    }

    private func act(_ descriptor: Int32, _ bits: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(pointer, descriptor, bits, &running)
    }

    /// The next transfer that has ended, with its result.
    func nextDone() -> (EasyHandle, CURLcode)? {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(pointer, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            let code = message.pointee.data.result
            guard let handle = EasyHandle.of(message.pointee.easy_handle) else { continue }
            return (handle, code)
        }
        return nil
    }
}

// libcurl calls these functions, from within the calls above. The context outlives them: `close` ends them all.
extension Multi {
    private static func socketChanged(_ descriptor: Int32, _ what: Int32, _ context: UnsafeMutableRawPointer?) -> Int32 {
        guard let context else { return 0 }
        let sockets = Unmanaged<Multi>.fromOpaque(context).takeUnretainedValue().sockets
        switch what {
        case CURL_POLL_IN: sockets.want(.read, of: descriptor)
        case CURL_POLL_OUT: sockets.want(.write, of: descriptor)
        case CURL_POLL_INOUT: sockets.want([.read, .write], of: descriptor)
        default: sockets.release(descriptor)
        }
        return 0
    }

    private static func timerChanged(_ milliseconds: Int, _ context: UnsafeMutableRawPointer?) -> Int32 {
        guard let context else { return 0 }
        Unmanaged<Multi>.fromOpaque(context).takeUnretainedValue().schedule(after: milliseconds)
        return 0
    }

    private func schedule(after milliseconds: Int) {
        guard milliseconds > 0 else {
            due = nil
            // All transfers added in a turn start in one call at its end.
            if milliseconds == 0, !expiresAtTurnEnd {
                expiresAtTurnEnd = true
                thread.atTurnEnd { [onEvent] in onEvent(.turnEnd) }
            }
            return
        }
        let due = Monotonic.now + UInt64(milliseconds) * 1_000_000
        self.due = due
        // Connect timeouts are set and cleared with each request: an earlier timer checks again and need not be moved.
        if let timer, timer.due <= due { return }
        if let timer { thread.cancel(timer.handle) }
        arm(due)
    }

    private func arm(_ due: UInt64) {
        let now = Monotonic.now
        let wait = Duration.nanoseconds(Int64(due > now ? due - now : 0))
        timer = (thread.schedule(after: wait) { [onEvent] in onEvent(.timer) }, due)
    }
}
