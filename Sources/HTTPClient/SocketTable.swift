import CCurl
import EventThread
import Glibc

/// What libcurl wants to know about its sockets, kept in the thread's epoll set.
///
/// A socket whose transfer has ended stays watched, since its next transfer watches it again: that saves two system calls a
/// request. When it stirs meanwhile (its peer closed it, or sent more to a paused transfer) it is dropped from the set.
final class SocketTable {
    private let thread: EventThread
    private let onReady: @Sendable (Int32, Readiness) -> Void
    private var sockets: [Int32: Socket] = [:]

    private struct Socket {
        /// Empty: libcurl does not ask for it now.
        var wanted: Readiness = []
        /// What epoll has, `nil` when it does not have the socket.
        var watched: Readiness?
        /// Opened by `open`. The others are libcurl's own (its resolver's), closed without a word: they cannot stay behind.
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
            // One that is watched for writing would be ready all the time.
            if socket.watched != .read { unwatch(&socket, descriptor) }
            sockets[descriptor] = socket
        } else {
            unwatch(&socket, descriptor)
            sockets[descriptor] = nil
        }
    }

    /// The bits of `curl_multi_socket_action` for what epoll reported, `nil` when libcurl did not ask.
    func action(_ readiness: Readiness, on descriptor: Int32) -> Int32? {
        guard var socket = sockets[descriptor] else { return nil }
        if socket.wanted.isEmpty {
            unwatch(&socket, descriptor)
            sockets[descriptor] = socket
            return nil
        }
        // Reading from or writing to a socket that hung up is how libcurl finds out what happened.
        let ready = readiness.contains(.hangup) ? socket.wanted : readiness
        return (ready.contains(.read) ? CURL_CSELECT_IN : 0) | (ready.contains(.write) ? CURL_CSELECT_OUT : 0)
    }

    private func unwatch(_ socket: inout Socket, _ descriptor: Int32) {
        guard socket.watched != nil else { return }
        thread.unwatch(descriptor)
        socket.watched = nil
    }
}
