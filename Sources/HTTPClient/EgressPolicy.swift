/// The addresses that a client may connect to: a download link from an API must not reach services of the internal network.
///
/// It checks the address of the socket itself, after name resolution, and again when a kept connection is reused. Neither a name
/// that later resolves to another address nor a connection opened under a less strict policy bypasses it. Of a request by way of a proxy,
/// the host is checked before, as far as this machine can resolve it; the proxy's own address is not.
public enum EgressPolicy: Sendable, Hashable {
    /// Public Internet addresses.
    case publicOnly
    /// Public addresses and these ranges. A cloud metadata service is allowed only if it is listed as a single address.
    case publicAnd([AddressRange])
    /// Any address.
    case all

    public func allows(_ address: IPAddress) -> Bool {
        switch self {
        case .all:
            return true
        case .publicOnly:
            return Self.isPublic(address)
        case .publicAnd(let ranges):
            if Self.metadataServices.contains(address) {
                return ranges.contains { $0.isSingleAddress && $0.contains(address) }
            }
            return Self.isPublic(address) || ranges.contains { $0.contains(address) }
        }
    }

    /// Whether the address is globally reachable by the IANA special-purpose registries (RFC 6890), excluding multicast.
    public static func isPublic(_ address: IPAddress) -> Bool {
        if metadataServices.contains(address) { return false }
        if address.isIPv4 { return !specialIPv4.contains { $0.contains(address) } }
        // Packets go to the embedded IPv4 address: NAT64 (RFC 6052), 6to4 (RFC 3056).
        if nat64.contains(address) { return isPublic(IPAddress(Array(address.bytes[12...]))) }
        if sixToFour.contains(address) { return isPublic(IPAddress(Array(address.bytes[2..<6]))) }
        return globalUnicast.contains(address) && !specialIPv6.contains { $0.contains(address) }
    }

    /// AWS, Google, Azure and others; AWS over IPv6; Azure's wire server; Alibaba; Oracle.
    static let metadataServices = Set(
        ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"].compactMap {
            IPAddress($0)
        })

    private static let specialIPv4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    ].compactMap { AddressRange($0) }

    /// All allocated space so far; addresses outside it (loopback, ULA, link-local, site-local, multicast, IPv4-compatible) are not
    /// public.
    private static let globalUnicast = ["2000::/3"].compactMap { AddressRange($0) }
    private static let specialIPv6 = ["2001::/23", "2001:db8::/32", "3fff::/20"].compactMap { AddressRange($0) }
    private static let nat64 = ["64:ff9b::/96"].compactMap { AddressRange($0) }
    private static let sixToFour = ["2002::/16"].compactMap { AddressRange($0) }
}

extension [AddressRange] {
    fileprivate func contains(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}
