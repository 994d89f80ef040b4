/// The commands that one caller waits for: one, or a pipeline of several.
final class Call {
    /// Ascending in queue order.
    let id: UInt64
    /// The operation's name in errors.
    let operation: String
    let commands: EncodedCommands
    let deadline: ContinuousClock.Instant
    /// The number of commands given to the connection.
    var sent = 0
    private(set) var replies: [RESPValue] = []
    private(set) var failure: RedisError?
    private(set) var isSettled = false
    private var continuation: CheckedContinuation<Void, Never>?

    init(id: UInt64, operation: String, commands: EncodedCommands, deadline: ContinuousClock.Instant) {
        self.id = id
        self.operation = operation
        self.commands = commands
        self.deadline = deadline
        replies.reserveCapacity(commands.count)
    }

    var isSent: Bool { sent == commands.count }
    var unsentBytes: Int { isSent ? 0 : commands.size(from: sent) }

    func resumeWhenSettled(_ continuation: CheckedContinuation<Void, Never>) {
        if isSettled { continuation.resume() } else { self.continuation = continuation }
    }

    /// Takes the reply to the next command. Replies to a call that is already settled are dropped.
    func receive(_ reply: RESPValue) {
        guard !isSettled else { return }
        replies.append(reply)
        if replies.count == commands.count { settle(nil) }
    }

    func settle(_ failure: RedisError?) {
        guard !isSettled else { return }
        isSettled = true
        self.failure = failure
        continuation?.resume()
        continuation = nil
    }
}
