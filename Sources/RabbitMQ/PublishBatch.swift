/// The messages of one call of `publish`, and the caller that waits for them.
///
/// Used only on the publisher's thread.
final class PublishBatch {
    let id: UInt64
    let messages: [OutgoingMessage]
    let deadline: ContinuousClock.Instant
    private(set) var outcomes: [PublishOutcome]
    private(set) var unsettled: Int
    /// `nil` once the caller has its result.
    private var continuation: CheckedContinuation<Result<[PublishOutcome], RabbitMQError>, Never>?

    init(
        id: UInt64, messages: [OutgoingMessage], deadline: ContinuousClock.Instant,
        continuation: CheckedContinuation<Result<[PublishOutcome], RabbitMQError>, Never>
    ) {
        self.id = id
        self.messages = messages
        self.deadline = deadline
        self.continuation = continuation
        outcomes = Array(repeating: .nacked, count: messages.count)
        unsettled = messages.count
    }

    var isFinished: Bool { continuation == nil }

    /// Returns whether this was the last message that the caller waited for.
    func settle(_ index: Int, _ outcome: PublishOutcome) -> Bool {
        guard !isFinished else { return false }
        outcomes[index] = outcome
        unsettled -= 1
        guard unsettled == 0 else { return false }
        continuation?.resume(returning: .success(outcomes))
        continuation = nil
        return true
    }

    func fail(_ error: RabbitMQError) {
        continuation?.resume(returning: .failure(error))
        continuation = nil
    }

    /// One message of the batch, in sending order.
    struct Item {
        let batch: PublishBatch
        let index: Int
        var message: OutgoingMessage { batch.messages[index] }
        var weight: Int { batch.messages[index].weight }
    }
}
