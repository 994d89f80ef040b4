import Encoding

extension RabbitMQConfiguration {
    /// Parses `amqp://user:password@host:5672/vhost`, or `amqps://…` for TLS (the AMQP URI specification at
    /// rabbitmq.com/docs/uri-spec, and its query parameters).
    ///
    /// Several hosts can share the rest of the URL, `amqp://user:password@one,two:5673/vhost`. Whole URLs separated by commas are
    /// accepted too if only their hosts differ. User and password default to `guest` and the virtual host to `/`. Unlike the
    /// specification, an empty virtual host (`amqp://host/`) also means `/`, because an empty name is not used in practice. Known
    /// query parameters: `heartbeat` (seconds), `connection_timeout` (milliseconds), `cacertfile`, `certfile`, `keyfile`, `verify`
    /// (`verify_peer` or `verify_none`).
    public init(url: String) throws(RabbitMQError) {
        var parts = try Self.split(url).makeIterator()
        guard let first = parts.next() else { throw Self.invalid("it is empty") }
        var merged = try RabbitMQConfiguration(single: first)
        while let part = parts.next() {
            let other = try RabbitMQConfiguration(single: part)
            guard
                other.user == merged.user, other.password == merged.password, other.virtualHost == merged.virtualHost,
                other.tls == merged.tls, other.heartbeat == merged.heartbeat, other.connectTimeout == merged.connectTimeout
            else { throw Self.invalid("several URLs may differ only in their hosts") }
            merged.endpoints += other.endpoints
        }
        self = merged
    }

    /// Splits at commas that precede a scheme.
    private static func split(_ url: String) throws(RabbitMQError) -> [Substring] {
        var parts: [Substring] = []
        for piece in url.split(separator: ",", omittingEmptySubsequences: false) {
            let starts = piece.hasPrefix("amqp://") || piece.hasPrefix("amqps://")
            if starts {
                parts.append(piece)
            } else if let last = parts.popLast() {
                parts.append(url[last.startIndex..<piece.endIndex])
            } else {
                throw invalid("it must begin with amqp:// or amqps://")
            }
        }
        return parts
    }

    private init(single url: Substring) throws(RabbitMQError) {
        let isTLS = url.hasPrefix("amqps://")
        var rest = url.dropFirst(isTLS ? 8 : 7)
        var query: Substring = ""
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        var path: Substring = ""
        if let slash = rest.firstIndex(of: "/") {
            path = rest[rest.index(after: slash)...]
            rest = rest[..<slash]
        }
        if path.contains("/") { throw Self.invalid("write a slash in the virtual host as %2F") }
        var credentials: Substring = "guest:guest"
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        let colon = credentials.firstIndex(of: ":")
        user = try Self.decode(credentials[..<(colon ?? credentials.endIndex)], "user")
        password =
            try colon.map { (colon) throws(RabbitMQError) in
                try Self.decode(credentials[credentials.index(after: colon)...], "password")
            } ?? ""
        virtualHost = path.isEmpty ? "/" : try Self.decode(path, "virtual host")
        tls = isTLS ? TLS() : nil
        endpoints = []
        for host in rest.split(separator: ",", omittingEmptySubsequences: false) {
            endpoints.append(try Self.endpoint(host, defaultPort: isTLS ? 5671 : 5672))
        }
        for item in query.split(separator: "&") { try apply(item) }
    }

    private static func endpoint(_ text: Substring, defaultPort: UInt16) throws(RabbitMQError) -> Endpoint {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw invalid("an IPv6 address must end with ]") }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.first == ":" { port = rest.dropFirst() } else if !rest.isEmpty { throw invalid("the text after ] is not a port") }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { throw invalid("a host is missing") }
        guard let port else { return Endpoint(host: try decode(host, "host"), port: defaultPort) }
        guard let number = UInt16(port), number > 0 else { throw invalid("a port must be a number from 1 to 65535") }
        return Endpoint(host: try decode(host, "host"), port: number)
    }

    private mutating func apply(_ item: Substring) throws(RabbitMQError) {
        let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(pair[0])
        let value = pair.count == 2 ? try Self.decode(pair[1], name) : ""
        switch (name, value) {
        case ("heartbeat", _):
            guard let seconds = UInt16(value) else { throw Self.invalid("heartbeat must be a number of seconds") }
            heartbeat = .seconds(Int(seconds))
        case ("connection_timeout", _):
            guard let milliseconds = UInt32(value), milliseconds > 0 else {
                throw Self.invalid("connection_timeout must be a number of milliseconds")
            }
            connectTimeout = .milliseconds(Int(milliseconds))
        case ("cacertfile", _), ("certfile", _), ("keyfile", _), ("verify", "verify_peer"), ("verify", "verify_none"):
            guard tls != nil else { throw Self.invalid("\(name) needs amqps://") }
            switch name {
            case "cacertfile": tls?.authorityFile = value
            case "certfile": tls?.certificateFile = value
            case "keyfile": tls?.keyFile = value
            default: tls?.verifiesPeer = value == "verify_peer"
            }
        case ("verify", _): throw Self.invalid("verify must be verify_peer or verify_none")
        default: throw Self.invalid("unknown parameter '\(name)'")
        }
    }

    private static func decode(_ text: Substring, _ what: String) throws(RabbitMQError) -> String {
        guard let bytes = PercentEncoding.decoded(text) else {
            throw invalid("% in the \(what) is not followed by two hexadecimal digits")
        }
        guard let string = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw invalid("the \(what) is not UTF-8")
        }
        return string
    }

    private static func invalid(_ cause: String) -> RabbitMQError {
        RabbitMQError(.invalidConfiguration, attempted: "reading the RabbitMQ URL", cause: cause)
    }
}
