import EventThread
import JobMessages
import RabbitMQ

/// Whether so many wakes wait in `longhaul.checks` that further claims would only age there: a claim whose wake is not handled within the
/// lease is worth nothing. The broker is asked when enough was published to fill the queue, and often while it is filled, so that
/// nobody idles beside a queue that was deep a moment ago.
actor ChecksBacklog {
    private let administrator: Administrator
    private let thread: EventThread
    private var isDeep = false
    private var wasFilled = true
    private var nextLook = ContinuousClock.now
    private var lastLook = ContinuousClock.now
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Messages, each of up to 50 wakes. A busy stack drains them in about a quarter of a second.
    private static let limit = 100
    /// Since the broker was asked last.
    private var publishedMessages = 0
    /// With so many orchestrators publishing alike, the queue may have passed its limit.
    private static let publishedBeforeLook = 25
    /// Others publish, too.
    private static let longestSilence = Duration.seconds(5)

    init(_ administrator: Administrator, on thread: EventThread) {
        self.administrator = administrator
        self.thread = thread
    }

    /// This process has published wakes.
    func published(_ messages: Int) { publishedMessages += messages }

    /// - Throws: when the broker cannot be asked; then it is no time to claim either.
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
