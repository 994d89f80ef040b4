public import Logging
import Synchronization

/// A logger for events that may occur thousands of times a second: the same key is logged at most once per interval, with the
/// number of messages suppressed since (`heldBack`).
public final class RateLimitedLog: Sendable {
    private let logger: Logger
    private let limit: Mutex<RepetitionLimit>

    /// - Parameters:
    ///   - interval: the minimum time between two messages of one key.
    ///   - maximumKeys: the number of keys remembered; further keys share one entry.
    public init(_ logger: Logger, interval: Duration = .seconds(10), maximumKeys: Int = 256) {
        self.logger = logger
        self.limit = Mutex(RepetitionLimit(interval: interval, maximumKeys: maximumKeys))
    }

    /// - Parameters:
    ///   - key: identifies equal messages, such as a code or the name of the loop; not the whole message.
    ///   - message: not evaluated if it is suppressed.
    public func log(
        _ level: Logger.Level, key: String, _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:],
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        guard level >= logger.logLevel else { return }
        guard case .pass(let heldBack) = limit.withLock({ $0.admit(key, at: .now) }) else { return }
        var metadata = metadata()
        if heldBack > 0 { metadata["heldBack"] = .stringConvertible(heldBack) }
        logger.log(level: level, message(), metadata: metadata, file: file, function: function, line: line)
    }

    public func warning(
        key: String, _ message: @autoclosure () -> Logger.Message, metadata: @autoclosure () -> Logger.Metadata = [:],
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        log(.warning, key: key, message(), metadata: metadata(), file: file, function: function, line: line)
    }

    public func error(
        key: String, _ message: @autoclosure () -> Logger.Message, metadata: @autoclosure () -> Logger.Metadata = [:],
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        log(.error, key: key, message(), metadata: metadata(), file: file, function: function, line: line)
    }
}
