/// Something that RabbitMQ, the way to it or its configuration did not allow.
///
/// Never holds a password: endpoints are named as `host:port/vhost`.
public struct RabbitMQError: Error, Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// A URL, option or value that cannot work.
        case invalidConfiguration
        /// No broker could be reached: name lookup, refused connection, no answer in time.
        case unreachable
        /// The TLS handshake failed, or the broker's certificate is not the one of this host.
        case tls
        /// Wrong user or password, no right to the virtual host or the resource (AMQP 403, 530).
        case accessRefused
        /// No such queue or exchange (404).
        case notFound
        /// The broker holds something by this name that is not as declared (406).
        case preconditionFailed(PreconditionFailure)
        /// The broker closed the channel or connection with another code.
        case refused(code: Int)
        /// The connection ended; what was under way may or may not have been done.
        case connectionLost
        /// The deadline of the call passed.
        case timedOut
        /// A message that cannot be sent as it is: too large, or a name over 255 bytes.
        case invalidMessage
        /// More is waiting to be published than the configuration allows.
        case overloaded
        /// The calling task was cancelled.
        case cancelled
        /// The publisher or consumer has been shut down, or was never connected.
        case shutDown
    }

    public var kind: Kind
    /// What was attempted on what, for people: `declaring queue 'jobs'`.
    public var attempted: String
    /// `host:port/vhost`, where one is known.
    public var endpoint: String?
    /// The broker's or the library's words.
    public var cause: String

    public init(_ kind: Kind, attempted: String, endpoint: String? = nil, cause: String) {
        self.kind = kind
        self.attempted = attempted
        self.endpoint = endpoint
        self.cause = cause
    }

    /// Whether the same call, made again later, may succeed without a person's help.
    public var isRetriable: Bool {
        switch kind {
        case .unreachable, .connectionLost, .timedOut, .overloaded: true
        // 320 is an operator's close, 405 a queue that another connection holds, 506 a broker short of resources, 541 its bug.
        case .refused(let code): [311, 320, 405, 506, 541].contains(code)
        case .invalidConfiguration, .tls, .accessRefused, .notFound, .preconditionFailed, .invalidMessage, .cancelled, .shutDown:
            false
        }
    }
}

extension RabbitMQError: CustomStringConvertible {
    public var description: String { "\(attempted)\(endpoint.map { " on \($0)" } ?? ""): \(cause)" }
}

extension RabbitMQError {
    /// Classifies a `channel.close` or `connection.close` (AMQP 0-9-1, section 1.2, reply codes).
    static func closed(code: Int, text: String, attempted: String, endpoint: String?) -> RabbitMQError {
        let kind: Kind =
            switch code {
            case 403, 530: .accessRefused
            case 404: .notFound
            case 406: .preconditionFailed(PreconditionFailure(brokerText: text))
            default: .refused(code: code)
            }
        return RabbitMQError(kind, attempted: attempted, endpoint: endpoint, cause: text.isEmpty ? "closed with code \(code)" : text)
    }

    static func lost(_ cause: String, endpoint: String?) -> RabbitMQError {
        RabbitMQError(.connectionLost, attempted: "keeping the connection", endpoint: endpoint, cause: cause)
    }
}
