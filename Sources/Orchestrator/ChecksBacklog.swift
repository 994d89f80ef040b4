import EventThread
import JobMessages
import RabbitMQ

/// Whether so many wakes wait in `longhaul.checks` that further claims would only age there: a claim whose wake is not handled within
/// the lease is worth nothing. Asked only while there is something to claim: four times a second, and more often while wakes wait, so that
/// nobody idles beside a queue that was deep a moment ago.
actor ChecksBacklog {
    private let administrator: Administrator
    private let thread: EventThread
    private var isDeep = false
    private var nextLook = ContinuousClock.now
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Messages, each of up to 50 wakes. A busy stack drains them in about a quarter of a second.
    private static let limit = 100

    init(_ administrator: Administrator, on thread: EventThread) {
        self.administrator = administrator
        self.thread = thread
    }

    /// - Throws: when the broker cannot be asked; then it is no time to claim either.
    func mustWait() async throws(RabbitMQError) -> Bool {
        guard nextLook <= .now else { return isDeep }
        nextLook = .now + .milliseconds(250)
        let waiting = try await administrator.depth(QueueNames.checks).messages
        isDeep = waiting > Self.limit
        if waiting > 0 { nextLook = .now + .milliseconds(50) }
        return isDeep
    }

    func shutdown() async { await administrator.shutdown() }
}
