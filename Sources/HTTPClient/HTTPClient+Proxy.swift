import EventThread
import Glibc

/// Requests by way of a proxy. The address of the socket is the proxy's, so the host of the URL is checked before: as an address, or as
/// what its name resolves to here. A name that this machine cannot resolve is left to the proxy, which alone can reach it.
extension HTTPClient {
    /// What is known of the hosts that were asked for by way of a proxy.
    struct VettedHost {
        /// The addresses of the name; empty: it does not resolve here.
        let addresses: [IPAddress]
        let until: UInt64
    }

    /// - Returns: whether the transfer may go on now; otherwise it was refused, or goes on once its host is resolved.
    func vet(_ transfer: Transfer) -> Bool {
        guard transfer.proxy != nil, transfer.egress != .all else { return true }
        let host = ProxyRules.hostAndPort(transfer.origin).host
        if let address = IPAddress(host) { return allows([address], transfer) }
        if let known = vetted[host], known.until > Monotonic.now { return allows(known.addresses, transfer) }
        let id = transfer.id
        Task(executorPreference: thread) {
            let addresses = (try? await Pthread.run("resolve") { Self.addresses(of: host) }) ?? []
            await self.resolved(host, addresses, for: id)
        }
        return false
    }

    private func resolved(_ host: String, _ addresses: [IPAddress], for id: UInt64) {
        if vetted.count >= Self.mostVetted { vetted = [:] }
        vetted[host] = VettedHost(addresses: addresses, until: Monotonic.now + Self.vettedFor.nanoseconds)
        guard let transfer = transfers[id], transfer.phase == .queued, allows(addresses, transfer) else { return }
        enqueue(transfer)
    }

    private static let mostVetted = 1000
    private static let vettedFor = Duration.seconds(60)

    private func allows(_ addresses: [IPAddress], _ transfer: Transfer) -> Bool {
        guard let refused = addresses.first(where: { !transfer.egress.allows($0) }) else { return true }
        fail(transfer, .refusedAddress, "the egress policy forbids \(refused), also by way of a proxy")
        return false
    }

    /// Blocks.
    private static func addresses(of host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { entry in
            guard let info = entry?.pointee, let address = info.ai_addr else { return nil }
            switch info.ai_family {
            case AF_INET: return UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr.address
            case AF_INET6: return UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr.address
            default: return nil
            }
        }
    }
}

extension in_addr {
    fileprivate var address: IPAddress { withUnsafeBytes(of: self) { IPAddress(Array($0)) } }
}

extension in6_addr {
    fileprivate var address: IPAddress { withUnsafeBytes(of: self) { IPAddress(Array($0)) } }
}
