/// Which proxy a request takes, as the variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say it, or one for all requests.
public struct ProxyRules: Sendable, Hashable {
    /// The proxies for http and https URLs: `http://user:password@host:port`; `nil`: none.
    public var http: String?
    public var https: String?
    /// Hosts that are reached directly: a name with its subdomains (`example.com`, `.example.com`), an address, a range of addresses, each
    /// with or without a port; `*`: all.
    public var exceptions: [String]

    /// No proxy, whatever the environment says.
    public static let none = ProxyRules()

    public init(http: String? = nil, https: String? = nil, exceptions: [String] = []) {
        (self.http, self.https, self.exceptions) = (http, https, exceptions)
    }

    /// - Parameter exceptions: separated by commas or spaces.
    public init(http: String?, https: String?, exceptions: String) {
        let names = exceptions.split { $0 == "," || $0.isWhitespace }.map { $0.lowercased() }
        self.init(http: http, https: https, exceptions: names)
    }

    /// - Parameter origin: scheme, host and port in lower case, as `RequestURL.origin` gives them.
    /// - Returns: the proxy; `nil`: the request goes directly.
    func proxy(for origin: String) -> String? {
        guard let proxy = origin.hasPrefix("https:") ? https : http, !proxy.isEmpty else { return nil }
        let (host, port) = Self.hostAndPort(origin)
        return exceptions.contains { Self.covers($0, host, port) } ? nil : proxy
    }

    /// The host of an origin, without the brackets of IPv6.
    static func hostAndPort(_ origin: String) -> (host: String, port: String) {
        let isSecure = origin.hasPrefix("https:")
        let authority = origin.dropFirst(isSecure ? 8 : 7)
        let standard = isSecure ? "443" : "80"
        if authority.first == "[", let end = authority.firstIndex(of: "]") {
            let rest = authority[authority.index(after: end)...]
            return (
                String(authority[authority.index(after: authority.startIndex)..<end]),
                rest.first == ":" ? String(rest.dropFirst()) : standard
            )
        }
        let parts = authority.split(separator: ":", maxSplits: 1)
        return (String(parts.first ?? ""), parts.count > 1 ? String(parts[1]) : standard)
    }

    private static func covers(_ exception: String, _ host: String, _ port: String) -> Bool {
        if exception == "*" { return true }
        if let address = IPAddress(host) { return AddressRange(exception).map { $0.contains(address) } ?? (exception == "\(host):\(port)") }
        var name = exception[...]
        if let colon = name.lastIndex(of: ":") {
            guard name[name.index(after: colon)...] == port else { return false }
            name = name[..<colon]
        }
        if name.hasPrefix("*.") { name = name.dropFirst(2) } else if name.hasPrefix(".") { name = name.dropFirst() }
        return !name.isEmpty && (host == name || host.hasSuffix("." + name))
    }
}
