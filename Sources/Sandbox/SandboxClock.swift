import Foundation
import Synchronization

/// The sandbox's clock, which determines export states and link expiry; tests control it.
public protocol SandboxClock: Sendable {
    /// Nanoseconds since 1970-01-01 00:00 UTC. Monotonic.
    func now() -> Int64
}

/// The wall time at the start, advanced by the monotonic clock, so that a change of the system clock changes no export.
public struct SystemSandboxClock: SandboxClock {
    private let startedAt: Int64
    private let start: ContinuousClock.Instant

    public init() {
        startedAt = Int64(Date().timeIntervalSince1970 * 1e9)
        start = .now
    }

    public func now() -> Int64 {
        startedAt + start.duration(to: .now).nanoseconds
    }
}

/// A clock that advances only when told to.
public final class ManualSandboxClock: SandboxClock {
    private let time: Atomic<Int64>

    /// - Parameter start: seconds since 1970.
    public init(start: Int64 = 1_800_000_000) {
        time = Atomic(start * 1_000_000_000)
    }

    public func now() -> Int64 {
        time.load(ordering: .acquiring)
    }

    public func advance(by duration: Duration) {
        time.add(duration.nanoseconds, ordering: .acquiringAndReleasing)
    }
}
