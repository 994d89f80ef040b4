import Encoding

extension RedisConfiguration {
    /// Parses `redis://[[username]:password@]host[:port][/database]`, or `rediss://…` for TLS. User name and password are
    /// percent-encoded where needed, an IPv6 address is in brackets (https://www.iana.org/assignments/uri-schemes/prov/redis,
    /// …/rediss). The port defaults to 6379 for both.
    ///
    /// - Throws: `RedisError` of kind `invalidURL`, which quotes nothing of the URL but its scheme.
    public init(url: String) throws(RedisError) {
        guard let schemeEnd = url.firstRange(of: "://") else {
            throw .invalid("it must look like redis://host:6379/0")
        }
        let scheme = url[..<schemeEnd.lowerBound].lowercased()
        guard scheme == "redis" || scheme == "rediss" else { throw .invalid("the scheme must be redis or rediss") }
        guard scheme == "redis" || Self.supportsTLS else { throw .invalid(Self.noTLSReason) }

        let rest = url[schemeEnd.upperBound...]
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw .invalid("a query or fragment is not supported; percent-encode a ?, # or / in a password")
        }
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count + 1)

        let login = authority.lastIndex(of: "@").map { authority[..<$0] }
        let address = login.map { authority[$0.endIndex...].dropFirst() } ?? authority
        let (host, port) = try Self.hostAndPort(address)
        let (username, password) = try Self.usernameAndPassword(login)
        guard path.isEmpty || Int(path).map({ $0 >= 0 }) == true else {
            throw .invalid("the path must be a database number, as in /0")
        }
        self.init(host: host, port: port, username: username, password: password, database: Int(path) ?? 0)
        if scheme == "rediss" { tls = TLS() }
    }

    private static func hostAndPort(_ address: Substring) throws(RedisError) -> (String, Int) {
        var host = address
        var port: Substring = ""
        if address.first == "[" {
            guard let close = address.firstIndex(of: "]") else { throw .invalid("the IPv6 address has no closing bracket") }
            host = address[address.index(after: address.startIndex)..<close]
            port = address[address.index(after: close)...]
        } else if let colon = address.firstIndex(of: ":") {
            host = address[..<colon]
            port = address[colon...]
        }
        guard !host.isEmpty else { throw .invalid("it names no host") }
        if port.isEmpty { return (String(host), 6379) }
        guard port.first == ":", let number = UInt16(port.dropFirst()), number > 0 else {
            throw .invalid("the port must be a number from 1 to 65535")
        }
        return (String(host), Int(number))
    }

    private static func usernameAndPassword(_ login: Substring?) throws(RedisError) -> (String?, String?) {
        guard let login else { return (nil, nil) }
        guard let colon = login.firstIndex(of: ":") else { throw .invalid("the user name has no password, as in user:password@host") }
        guard let username = percentDecoded(login[..<colon]), let password = percentDecoded(login[colon...].dropFirst()) else {
            throw .invalid("the user name or password has a % that is not followed by two hexadecimal digits of UTF-8")
        }
        return (username.isEmpty ? nil : username, password.isEmpty ? nil : password)
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        PercentEncoding.decoded(text).flatMap { String(validating: $0, as: UTF8.self) }
    }
}

extension RedisError {
    fileprivate static func invalid(_ why: String) -> RedisError {
        RedisError(.invalidURL, operation: "connect", server: "", cause: why)
    }
}
