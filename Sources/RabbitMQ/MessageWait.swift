import Glibc

/// How long messages waited in their queues, told by the property `timestamp`, which `Publisher` sets. It has whole seconds, and so has the wait.
enum MessageWait {
    /// Whole seconds since 1970.
    static var now: UInt64 { UInt64(max(0, time(nil))) }

    /// Clocks of two machines may differ. What is further ahead is no time of publication in seconds, but milliseconds, for example.
    private static let largestSkew: UInt64 = 3600

    /// Of a delivery that is taken now.
    /// - Returns: `nil` if the message does not say when it was published, or was delivered before: then the time at which it came back to its
    ///   queue is not known.
    static func seconds(since published: UInt64?, isRedelivered: Bool, now: UInt64) -> Int64? {
        guard let published, published > 0, !isRedelivered, published <= now + largestSkew else { return nil }
        return Int64(clamping: now - min(published, now))
    }
}
