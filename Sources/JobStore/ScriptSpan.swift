import Redis
import TraceContext

/// The span of a script call as its caller sees it, waiting for others included: semantic conventions for Redis client spans.
struct ScriptSpan: Sendable {
    private let span: TraceSpan

    /// - Parameter server: `host:port/database`.
    init?(_ script: String, on server: String, below parent: TraceContext) {
        guard let span = TraceSpan.begin("EVALSHA \(script)", .client, below: parent) else { return nil }
        self.span = span
        let parts = server.split(separator: "/")
        let address = parts.first ?? "", colon = address.lastIndex(of: ":")
        span.set([
            "db.system.name": "redis", "db.operation.name": "EVALSHA", "db.stored_procedure.name": script,
            "server.address": String(address[..<(colon ?? address.endIndex)]),
        ])
        if parts.count > 1 { span.set(["db.namespace": String(parts[1])]) }
        if let colon, let port = Int(address[address.index(after: colon)...]) { span.set([:], numbers: ["server.port": port]) }
    }

    /// An error that the server answered has its code.
    func fail(_ error: JobStoreError) {
        switch error.kind {
        case .redis(let error):
            if let code = error.serverError?.code { span.set(["db.response.status_code": code]) }
            span.fail(error.serverError?.code ?? error.kind.word)
        case .unexpectedReply: span.fail("unexpected-reply")
        case .mismatch, .notSetUp: span.fail("store-layout")
        }
    }

    func end() { span.end() }

    func end(_ error: JobStoreError) {
        fail(error)
        end()
    }
}

extension RedisError.Kind {
    fileprivate var word: String {
        switch self {
        case .timedOut: "timeout"
        case .connectionLost: "connection-lost"
        case .overloaded: "overloaded"
        case .cancelled: "cancelled"
        case .shutDown: "shut-down"
        case .invalidURL, .unreachable, .tls, .loginRefused: "unreachable"
        case .unsupportedReply: "unsupported-reply"
        case .server: "server"
        }
    }
}
