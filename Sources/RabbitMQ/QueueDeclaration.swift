/// A queue to declare.
public struct QueueDeclaration: Sendable, Equatable {
    public enum QueueType: String, Sendable { case classic, quorum }

    public var name: String
    public var type: QueueType
    public var isDurable: Bool
    public var isExclusive: Bool
    public var isAutoDeleted: Bool
    /// `x-…` arguments other than `x-queue-type`.
    public var arguments: [String: AMQPValue]

    public init(
        _ name: String, type: QueueType = .classic, isDurable: Bool = true, isExclusive: Bool = false, isAutoDeleted: Bool = false,
        arguments: [String: AMQPValue] = [:]
    ) {
        self.name = name
        self.type = type
        self.isDurable = isDurable
        self.isExclusive = isExclusive
        self.isAutoDeleted = isAutoDeleted
        self.arguments = arguments
    }

    /// Declaring the type even for a classic queue prevents a virtual host's default from choosing another.
    var allArguments: [String: AMQPValue] {
        arguments.merging(["x-queue-type": .string(type.rawValue)]) { given, _ in given }
    }
}

/// An exchange to declare.
public struct ExchangeDeclaration: Sendable, Equatable {
    public enum ExchangeType: String, Sendable { case direct, fanout, topic, headers }

    public var name: String
    public var type: ExchangeType
    public var isDurable: Bool
    public var arguments: [String: AMQPValue]

    public init(_ name: String, type: ExchangeType, isDurable: Bool = true, arguments: [String: AMQPValue] = [:]) {
        self.name = name
        self.type = type
        self.isDurable = isDurable
        self.arguments = arguments
    }
}

/// The size of a queue, as the broker counts it.
public struct QueueDepth: Sendable, Equatable {
    /// Messages ready to be delivered; delivered but unacknowledged messages are not counted.
    public var messages: Int
    public var consumers: Int

    public init(messages: Int, consumers: Int) {
        self.messages = messages
        self.consumers = consumers
    }
}
