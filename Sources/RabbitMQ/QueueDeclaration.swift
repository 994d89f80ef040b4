/// A queue as it shall be.
public struct QueueDeclaration: Sendable, Equatable {
    public enum QueueType: String, Sendable { case classic, quorum }

    public var name: String
    public var type: QueueType
    public var isDurable: Bool
    public var isExclusive: Bool
    public var isAutoDeleted: Bool
    /// `x-…` arguments besides `x-queue-type`.
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

    /// Declaring the type of a classic queue too keeps a virtual host's default from choosing another.
    var allArguments: [String: AMQPValue] {
        arguments.merging(["x-queue-type": .string(type.rawValue)]) { given, _ in given }
    }
}

/// An exchange as it shall be.
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

/// How much is in a queue, as the broker counts it just now.
public struct QueueDepth: Sendable, Equatable {
    /// Ready to be delivered; those that are delivered and unacknowledged are not counted.
    public var messages: Int
    public var consumers: Int

    public init(messages: Int, consumers: Int) {
        self.messages = messages
        self.consumers = consumers
    }
}
