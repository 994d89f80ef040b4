import Foundation
import Glibc
import Synchronization

/// A TCP proxy on a loopback port that can cut or silence its connections.
///
/// Unchecked: a mutex protects all mutable state.
final class TCPProxy: @unchecked Sendable {
    private struct State {
        var descriptors: Set<Int32> = []
        /// Connections up to this number no longer forward data.
        var silenced = 0
        var accepted = 0
        var withholdsChannels = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let listener: Int32
    let port: UInt16

    /// - Parameter target: a loopback port. Without one, nothing is accepted and a client gets no reply.
    init(to target: UInt16?) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        if let target { Thread.detachNewThread { [self] in accept(to: target) } }
    }

    /// The number of connections accepted so far.
    var accepted: Int { state.withLock { $0.accepted } }

    /// Ends every connection.
    func cut() {
        state.withLock { state in
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// The current connections stay open and forward nothing more in either direction; later ones work.
    func silence() { state.withLock { $0.silenced = $0.accepted } }

    /// Connections accepted from now on forward frames of the connection itself, including heartbeats, but no channel frames to the broker.
    func withholdChannels(_ withholds: Bool) { state.withLock { $0.withholdsChannels = withholds } }

    func stop() {
        state.withLock { $0.isStopped = true }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    /// Only when no thread accepts on it: the number may soon belong to another listener.
    deinit { close(listener) }

    private func accept(to target: UInt16) {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.loopback(port: target)
            let connected = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
            }
            guard connected else {
                close(client)
                close(server)
                continue
            }
            let (number, filter) = state.withLock { state in
                state.descriptors.formUnion([client, server])
                state.accepted += 1
                return (state.accepted, state.withholdsChannels ? ChannelFilter() : nil)
            }
            let open = Mutex(2)
            let pair = Pair(client: client, server: server, number: number)
            let done: @Sendable () -> Void = { [self] in
                guard
                    open.withLock({ (count: inout Int) -> Int in
                        count -= 1; return count
                    }) == 0
                else { return }
                state.withLock { state in
                    state.descriptors.subtract([client, server])
                    close(client)
                    close(server)
                }
            }
            Thread.detachNewThread { [self] in
                pump(pair.client, pair.server, number, filter); done()
            }
            Thread.detachNewThread { [self] in
                pump(pair.server, pair.client, number); done()
            }
        }
    }

    private struct Pair: Sendable { var client, server: Int32, number: Int }

    private func pump(_ source: Int32, _ sink: Int32, _ number: Int, _ filter: ChannelFilter? = nil) {
        var filter = filter
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            // Waits without reading, so that a silent connection fills up as on a real network.
            var waiting = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
            if isSilenced(number) {
                waiting.events = 0
                if poll(&waiting, 1, 20) > 0 || isStopped { break }
                continue
            }
            guard poll(&waiting, 1, 20) > 0 else { continue }
            if isSilenced(number) { continue }
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            let passing = filter?.pass(buffer[..<count]) ?? Array(buffer[..<count])
            guard send(sink, passing, passing.count, Int32(MSG_NOSIGNAL)) == passing.count else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }

    private func isSilenced(_ number: Int) -> Bool { state.withLock { number <= $0.silenced } }
    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

/// Drops the frames of channels and forwards those of the connection itself (AMQP 0-9-1, section 4.2.3: after the eight bytes of
/// the protocol header, a type, a channel, the size of the payload, the payload and an end byte).
private struct ChannelFilter: Sendable {
    private var rest: [UInt8] = []
    private var isPastHeader = false

    mutating func pass(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        rest += bytes
        var passing: [UInt8] = []
        if !isPastHeader {
            guard rest.count >= 8 else { return [] }
            passing += rest.prefix(8)
            rest.removeFirst(8)
            isPastHeader = true
        }
        while rest.count >= 7 {
            let size = 8 + rest[3...6].reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= size else { break }
            if rest[1] == 0, rest[2] == 0 { passing += rest.prefix(size) }
            rest.removeFirst(size)
        }
        return passing
    }
}
