/// What a socket is ready for, or is to be watched for.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = Readiness(rawValue: 1)
    public static let write = Readiness(rawValue: 2)
    /// The peer is gone, or the socket has an error. Always reported, whether asked for or not.
    public static let hangup = Readiness(rawValue: 4)
}

/// A timer that has been scheduled, for `EventThread.cancel`.
public struct TimerHandle: Hashable, Sendable {
    let id: UInt64
}

/// Sockets, timers and turn ends. Every call belongs on the thread itself: call them from an actor that has it as its executor,
/// or from a handler.
extension EventThread {
    /// Calls `handler` on this thread whenever `descriptor` is ready for one of `events` (level-triggered), until `unwatch`.
    /// A second call for the same descriptor replaces the first.
    public func watch(_ descriptor: Int32, for events: Readiness, _ handler: @escaping @Sendable (Readiness) -> Void) {
        preconditionCurrent()
        loop.watch(descriptor, for: events, handler)
    }

    /// Changes what a watched descriptor is watched for; an empty set leaves it watched for `hangup` alone.
    public func update(_ descriptor: Int32, for events: Readiness) {
        preconditionCurrent()
        loop.update(descriptor, for: events)
    }

    /// Forgets the descriptor. Call it before the descriptor is closed: its number may be given out again at once.
    public func unwatch(_ descriptor: Int32) {
        preconditionCurrent()
        loop.unwatch(descriptor)
    }

    /// Calls `body` on this thread after `delay`, at most about a millisecond late on an idle thread.
    @discardableResult
    public func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> TimerHandle {
        preconditionCurrent()
        return loop.schedule(after: delay, body)
    }

    /// Cancels a timer that has not fired yet; without effect on one that has.
    public func cancel(_ timer: TimerHandle) {
        preconditionCurrent()
        loop.cancel(timer)
    }

    /// Waits on this thread's own timers; `Task.sleep` would wake two threads of the runtime's for it. Cancelling the task does not cut it
    /// short.
    public func sleep(for delay: Duration) async {
        await withCheckedContinuation { continuation in
            if isCurrent { return add(sleeper: continuation, for: delay) }
            Task(executorPreference: self) { self.add(sleeper: continuation, for: delay) }
        }
    }

    private func add(sleeper: CheckedContinuation<Void, Never>, for delay: Duration) {
        loop.sleepers += 1
        schedule(after: delay) { [self] in
            loop.sleepers -= 1
            sleeper.resume()
        }
    }

    /// Runs `body` on this thread: at once where the caller is on it, otherwise in one of its next turns.
    public func perform(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { return body() }
        Task(executorPreference: self) { body() }
    }

    /// Calls `body` once, at the end of the running turn: the place to write what the turn has collected.
    public func atTurnEnd(_ body: @escaping @Sendable () -> Void) {
        preconditionCurrent()
        loop.turnEndHooks.append(body)
    }
}
