/// How many messages a download queue may still get before its depth is read again: what the workers take in half a second, within bounds.
/// A job that comes later waits no longer than that, and workers that are fast do not wait for messages.
struct DownloadWindow: Sendable {
    /// Between two looks at the depth.
    static let interval = Duration.milliseconds(250)
    static let least = 256
    /// Eight thousand files a second.
    static let most = 2048

    private(set) var room = 0
    private var depth = 0
    private var published = 0
    private var lastLook: ContinuousClock.Instant?

    /// When the depth may be read again.
    var nextLook: ContinuousClock.Instant { lastLook.map { $0 + Self.interval } ?? .now }

    /// The queue has so many messages that no worker has received.
    mutating func look(_ waiting: Int, at now: ContinuousClock.Instant) {
        let intervals = max(lastLook.map { (now - $0) / Self.interval } ?? 1, 1)
        let taken = max(Double(depth + published - waiting), 0) / intervals
        (depth, published, lastLook) = (waiting, 0, now)
        room = max(min(max(Int(2 * taken), Self.least), Self.most) - waiting, 0)
    }

    mutating func published(_ messages: Int) {
        published += messages
        room = max(room - messages, 0)
    }
}
