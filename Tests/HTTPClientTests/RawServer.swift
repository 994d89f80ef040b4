import Foundation
import Synchronization

/// An HTTP server on plain blocking sockets with one thread per connection. The test controls every byte and every close.
final class RawServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var open: Set<Int32> = []
        var accepted = 0
        var requests: [Request] = []
    }

    struct Request: Sendable {
        var method = ""
        var target = ""
        /// Names in lower case.
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        subscript(name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    /// - Parameter serve: handles one client; the socket is closed when it returns.
    init(_ serve: @escaping @Sendable (Connection) -> Void) throws {
        let listener = try Listener(backlog: 4096)
        self.listener = listener.descriptor
        port = listener.port
        Self.thread { [self] in acceptAll(serve) }
    }

    /// Responds to each request of a kept connection.
    convenience init(answering answer: @escaping @Sendable (Request) -> String) throws {
        try self.init { connection in
            while let request = connection.readRequest() { connection.send(answer(request)) }
        }
    }

    deinit { close(listener) }

    /// Breaks all connections and accepts no more.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        for descriptor in state.withLock({ $0.open }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var openConnections: Int { state.withLock { $0.open.count } }
    var acceptedConnections: Int { state.withLock { $0.accepted } }
    var requests: [Request] { state.withLock { $0.requests } }

    fileprivate func note(_ request: Request) { state.withLock { $0.requests.append(request) } }

    private func acceptAll(_ serve: @escaping @Sendable (Connection) -> Void) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            // The TLS tests start processes, which would otherwise keep the connection open.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            var yes: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
            state.withLock {
                $0.open.insert(descriptor)
                $0.accepted += 1
            }
            Self.thread { [self] in
                serve(Connection(descriptor, self))
                _ = state.withLock { $0.open.remove(descriptor) }
                close(descriptor)
            }
        }
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.stackSize = 256 << 10
        thread.start()
    }

    static func response(_ body: String, status: String = "200 OK", headers: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}

/// One client's connection on the server side.
final class Connection {
    let descriptor: Int32
    private let server: RawServer
    private var pending: [UInt8] = []

    init(_ descriptor: Int32, _ server: RawServer) {
        self.descriptor = descriptor
        self.server = server
    }

    /// Returns false when the client has gone.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Foundation.send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// Returns when the client has closed the connection.
    func waitForClose() { while receive() {} }

    /// Closes with RST instead of FIN.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// The next request with its body, or `nil` when the client has closed.
    func readRequest() -> RawServer.Request? {
        guard var request = readHead() else { return nil }
        if request["transfer-encoding"] == "chunked" {
            while let line = readLine(), let size = Int(line, radix: 16) {
                guard let chunk = take(size), readLine() != nil else { return nil }
                request.body += chunk
                if size == 0 { break }
            }
        } else {
            guard let body = take(Int(request["content-length"] ?? "0") ?? 0) else { return nil }
            request.body = body
        }
        server.note(request)
        return request
    }

    func readHead() -> RawServer.Request? {
        guard let first = readLine() else { return nil }
        var request = RawServer.Request()
        let words = first.split(separator: " ")
        guard words.count == 3 else { return nil }
        request.method = String(words[0])
        request.target = String(words[1])
        while let line = readLine(), !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            request.headers.append((parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""))
        }
        return request
    }

    private func readLine() -> String? {
        while true {
            if let end = pending.firstIndex(of: 10) {
                let line = String(decoding: pending[..<end].filter { $0 != 13 }, as: UTF8.self)
                pending.removeSubrange(...end)
                return line
            }
            guard receive() else { return nil }
        }
    }

    private func take(_ count: Int) -> [UInt8]? {
        while pending.count < count { guard receive() else { return nil } }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { pending += buffer[..<count] }
        return count > 0
    }
}
