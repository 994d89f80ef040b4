/// An error of the broker, of the connection to it, or of its configuration.
///
/// Never contains a password: endpoints are named as `host:port/vhost`.
public struct RabbitMQError: Error, Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// A URL, option or value that is not valid.
        case invalidConfiguration
        /// No broker can be reached: name resolution failed, the connection was refused, or no reply came in time.
        case unreachable
        /// The TLS handshake failed, or the broker's certificate does not match the host.
        case tls
        /// Wrong user or password, or no permission for the virtual host or the resource (AMQP 403, 530).
        case accessRefused
        /// The queue or exchange does not exist (404).
        case notFound
        /// A queue or exchange of this name exists with different arguments (406).
        case preconditionFailed(PreconditionFailure)
        /// The broker closed the channel or connection with another code.
        case refused(code: Int)
        /// The connection ended; the operation may or may not have happened.
        case connectionLost
        /// The deadline of the call passed.
        case timedOut
        /// The message cannot be sent: it is too large, or a name has more than 255 bytes.
        case invalidMessage
        /// More messages wait to be published than the configuration allows.
        case overloaded
        /// The calling task was cancelled.
        case cancelled
        /// The publisher or consumer is shut down, or was never connected.
        case shutDown
    }

    public var kind: Kind
    /// The operation and its object, for people: `declaring queue 'jobs'`.
    public var attempted: String
    /// `host:port/vhost`, if known.
    public var endpoint: String?
    /// The broker's or librabbitmq's message.
    public var cause: String

    public init(_ kind: Kind, attempted: String, endpoint: String? = nil, cause: String) {
        self.kind = kind
        self.attempted = attempted
        self.endpoint = endpoint
        self.cause = cause
    }

    /// Whether the same call may succeed later without an operator's help.
    public var isRetriable: Bool {
        switch kind {
        case .unreachable, .connectionLost, .timedOut, .overloaded: true
        // 320: closed by an operator; 405: a queue held by another connection; 506: broker short of resources; 541: broker bug.
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
