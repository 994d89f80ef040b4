import CCurl
import EventThread
import Glibc

/// The readiness that libcurl requests for its sockets, mirrored in the thread's epoll set.
///
/// A socket whose transfer has ended stays watched, because its next transfer will watch it again: this saves two system calls per
/// request. If it becomes ready meanwhile (its peer closed it, or sent more to a paused transfer), it is removed from the set.
final class SocketTable {
    private let thread: EventThread
    private let onReady: @Sendable (Int32, Readiness) -> Void
    private var sockets: [Int32: Socket] = [:]

    private struct Socket {
        /// The readiness that libcurl requests; empty for none.
        var wanted: Readiness = []
        /// The readiness set in epoll, `nil` if the socket is not in the set.
        var watched: Readiness?
        /// Whether `open` opened the socket. libcurl's other sockets (of its resolver) close without notice, so they cannot stay
        /// watched.
        var isOwn = false
    }

    init(thread: EventThread, onReady: @escaping @Sendable (Int32, Readiness) -> Void) {
        self.thread = thread
        self.onReady = onReady
    }

    func open(_ address: UnsafePointer<curl_sockaddr>) -> Int32 {
        let family = address.pointee.family
        let descriptor = socket(family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
        if descriptor >= 0 { sockets[descriptor] = Socket(isOwn: true) }
        return descriptor
    }

    func close(_ descriptor: Int32) -> Int32 {
        if sockets.removeValue(forKey: descriptor)?.watched != nil { thread.unwatch(descriptor) }
        return Glibc.close(descriptor)
    }

    func want(_ readiness: Readiness, of descriptor: Int32) {
        var socket = sockets[descriptor] ?? Socket()
        if socket.watched == nil {
            thread.watch(descriptor, for: readiness) { [onReady] in onReady(descriptor, $0) }
        } else if socket.watched != readiness {
            thread.update(descriptor, for: readiness)
        }
        socket.wanted = readiness
        socket.watched = readiness
        sockets[descriptor] = socket
    }

    func release(_ descriptor: Int32) {
        guard var socket = sockets[descriptor] else { return }
        socket.wanted = []
        if socket.isOwn {
            // A socket watched for writing would always be ready.
            if socket.watched != .read { unwatch(&socket, descriptor) }
            sockets[descriptor] = socket
        } else {
            unwatch(&socket, descriptor)
            sockets[descriptor] = nil
        }
    }

    /// The bits of `curl_multi_socket_action` for an epoll event, `nil` if libcurl did not request it.
    func action(_ readiness: Readiness, on descriptor: Int32) -> Int32? {
        guard var socket = sockets[descriptor] else { return nil }
        if socket.wanted.isEmpty {
            unwatch(&socket, descriptor)
            sockets[descriptor] = socket
            return nil
        }
        // libcurl learns the reason for a hangup by reading from or writing to the socket.
        let ready = readiness.contains(.hangup) ? socket.wanted : readiness
        return (ready.contains(.read) ? CURL_CSELECT_IN : 0) | (ready.contains(.write) ? CURL_CSELECT_OUT : 0)
    }

    private func unwatch(_ socket: inout Socket, _ descriptor: Int32) {
        guard socket.watched != nil else { return }
        thread.unwatch(descriptor)
        socket.watched = nil
    }
}
