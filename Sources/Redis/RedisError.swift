/// Why a command or connection failed: the operation, the server, and the cause. Never contains a password.
public struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The client cannot use the address; `cause` says why.
        case invalidURL
        /// No connection: name resolution or TCP failed, or the time for both expired.
        case unreachable
        /// The TLS connection failed: the server's certificate is not signed by a trusted authority or does not match the host, the
        /// server rejects the client's certificate or does not speak TLS, a file cannot be used, or this program was built without
        /// TLS.
        case tls
        /// Connected, but the server rejected AUTH, SELECT or the first PING.
        case loginRefused(RedisServerError)
        /// The command's deadline passed, in the queue or on the wire.
        case timedOut(mayHaveRun: Bool)
        /// The connection was lost while the command was on the wire.
        case connectionLost(mayHaveRun: Bool)
        /// The reply cannot be parsed (hiredis 0.14 does not support arrays nested deeper than 7). The command has run.
        case unsupportedReply
        /// The queue is full; the command was not queued.
        case overloaded
        /// The calling task was cancelled.
        case cancelled(mayHaveRun: Bool)
        /// `shutdown()` was called.
        case shutDown(mayHaveRun: Bool)
        /// The server replied with an error.
        case server(RedisServerError)
    }

    public let kind: Kind
    /// The command's or script's name, or `connect`.
    public let operation: String
    /// `host:port/database`; empty when the address could not be read.
    public let server: String
    /// The underlying cause as text.
    public let cause: String?

    public init(_ kind: Kind, operation: String, server: String, cause: String? = nil) {
        self.kind = kind
        self.operation = operation
        self.server = server
        self.cause = cause
    }

    /// Whether the same command may succeed later. Check `mayHaveRun` too before you repeat a command that is not idempotent.
    public var isRetriable: Bool {
        switch kind {
        case .unreachable, .timedOut, .connectionLost, .overloaded: true
        case .loginRefused(let error), .server(let error): error.isRetriable
        case .invalidURL, .tls, .unsupportedReply, .cancelled, .shutDown: false
        }
    }

    /// Whether the server may have run the command, wholly or (for a pipeline) in part.
    public var mayHaveRun: Bool {
        switch kind {
        case .timedOut(let mayHaveRun), .connectionLost(let mayHaveRun), .cancelled(let mayHaveRun), .shutDown(let mayHaveRun):
            mayHaveRun
        case .unsupportedReply: true
        case .server(let error): !error.isRetriable
        case .invalidURL, .unreachable, .tls, .loginRefused, .overloaded: false
        }
    }

    /// The server's error reply, if it was one.
    public var serverError: RedisServerError? {
        switch kind {
        case .server(let error), .loginRefused(let error): error
        default: nil
        }
    }
}

extension RedisError {
    public var description: String {
        let place = server.isEmpty ? "Redis \(operation)" : "Redis \(operation) on \(server)"
        return cause.map { "\(place): \(what): \($0)" } ?? "\(place): \(what)"
    }

    private var what: String {
        switch kind {
        case .invalidURL: "unusable URL"
        case .unreachable: "unreachable"
        case .tls: "no TLS connection"
        case .loginRefused(let error): "login refused: \(error)"
        case .timedOut(let mayHaveRun): "timed out" + Self.deliveryNote(mayHaveRun)
        case .connectionLost(let mayHaveRun): "connection lost" + Self.deliveryNote(mayHaveRun)
        case .unsupportedReply: "cannot parse the reply"
        case .overloaded: "too many commands are waiting"
        case .cancelled(let mayHaveRun): "cancelled" + Self.deliveryNote(mayHaveRun)
        case .shutDown(let mayHaveRun): "the client is shut down" + Self.deliveryNote(mayHaveRun)
        case .server(let error): error.description
        }
    }

    private static func deliveryNote(_ mayHaveRun: Bool) -> String { mayHaveRun ? " (it may have run)" : " (not sent)" }
}
