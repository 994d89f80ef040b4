import EventThread
import JobMessages
import RabbitMQ

/// Whether so many wakes wait in `longhaul.checks` that further claims would expire there: a claim is useless unless its wake is handled
/// within the lease. The depth is read once enough has been published to fill the queue, and often while it is full, so that claims
/// continue soon after it has drained.
actor ChecksBacklog {
    private let administrator: Administrator
    private let thread: EventThread
    private var isDeep = false
    private var wasFilled = true
    private var nextLook = ContinuousClock.now
    private var lastLook = ContinuousClock.now
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// In messages of up to 50 wakes each. A busy system drains them in about a quarter of a second.
    private static let limit = 100
    /// Since the last read of the depth.
    private var publishedMessages = 0
    /// If other orchestrators publish as much, the queue may have passed its limit.
    private static let publishedBeforeLook = 25
    /// Others publish too.
    private static let longestSilence = Duration.seconds(5)

    init(_ administrator: Administrator, on thread: EventThread) {
        self.administrator = administrator
        self.thread = thread
    }

    /// This process has published wakes.
    func published(_ messages: Int) { publishedMessages += messages }

    /// - Throws: if the broker does not answer; the caller must not claim then either.
    func mustWait() async throws(RabbitMQError) -> Bool {
        let now = ContinuousClock.now
        let isTime =
            nextLook <= now && (wasFilled || publishedMessages >= Self.publishedBeforeLook || lastLook + Self.longestSilence <= now)
        guard isTime else { return isDeep }
        (lastLook, publishedMessages) = (now, 0)
        nextLook = now + .milliseconds(250)
        let waiting = try await administrator.depth(QueueNames.checks).messages
        isDeep = waiting > Self.limit
        wasFilled = waiting > 0
        if wasFilled { nextLook = .now + .milliseconds(50) }
        return isDeep
    }

    func shutdown() async { await administrator.shutdown() }
}
