import DequeModule

/// Decides which requests hold a connection and which wait: first come, first served within a host, round-robin between hosts.
///
/// libcurl has its own queue (`CURLMOPT_MAX_HOST_CONNECTIONS`), but its waiters have no timeouts, and a full host at its head
/// blocks the waiters of all other hosts.
final class ConnectionSlots {
    typealias ID = UInt64

    private let maxPerHost: Int
    private let maxTotal: Int
    private(set) var active = 0
    /// Waiting requests, including those that gave up but are still in a queue.
    private(set) var waiting = 0
    private var hosts: [String: Host] = [:]
    /// Hosts below their own limit whose requests wait for the total limit.
    private var turns: Deque<Host> = []

    private final class Host {
        let key: String
        var active = 0
        var waiting: Deque<ID> = []
        var hasTurn = false
        init(_ key: String) { self.key = key }
    }

    init(maxPerHost: Int, maxTotal: Int) {
        self.maxPerHost = maxPerHost
        self.maxTotal = maxTotal
    }

    /// Returns true if the request may start; `release` the host afterwards. If false, a later `release` returns its id.
    func acquire(_ id: ID, host key: String) -> Bool {
        let host = hosts[key] ?? Host(key)
        if host.active == 0, host.waiting.isEmpty { hosts[key] = host }
        if active < maxTotal, host.active < maxPerHost, host.waiting.isEmpty {
            host.active += 1
            active += 1
            return true
        }
        host.waiting.append(id)
        waiting += 1
        if host.active < maxPerHost { giveTurn(host) }
        return false
    }

    /// Releases a connection of the host and returns the requests that start next; each of them holds a connection from now on.
    /// - Parameter isWaiting: whether the request still waits.
    func release(host key: String, isWaiting: (ID) -> Bool) -> [ID] {
        guard let host = hosts[key] else { return [] }
        host.active -= 1
        active -= 1
        if !host.waiting.isEmpty { giveTurn(host) }
        forgetIfIdle(host)
        return turns.isEmpty ? [] : takeTurns(isWaiting)
    }

    private func takeTurns(_ isWaiting: (ID) -> Bool) -> [ID] {
        var next: [ID] = []
        while active < maxTotal, let host = turns.popFirst() {
            host.hasTurn = false
            while let id = host.waiting.popFirst() {
                waiting -= 1
                guard isWaiting(id) else { continue }
                host.active += 1
                active += 1
                next.append(id)
                break
            }
            if !host.waiting.isEmpty, host.active < maxPerHost { giveTurn(host) }
            forgetIfIdle(host)
        }
        return next
    }

    private func giveTurn(_ host: Host) {
        guard !host.hasTurn else { return }
        host.hasTurn = true
        turns.append(host)
    }

    private func forgetIfIdle(_ host: Host) {
        if host.active == 0, host.waiting.isEmpty { hosts[host.key] = nil }
    }
}
