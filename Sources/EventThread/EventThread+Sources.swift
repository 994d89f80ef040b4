/// The events that a socket is ready for, or is watched for.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = Readiness(rawValue: 1)
    public static let write = Readiness(rawValue: 2)
    /// The peer is gone, or the socket has an error. Always reported, even if not requested.
    public static let hangup = Readiness(rawValue: 4)
}

/// A scheduled timer, for `EventThread.cancel`.
public struct TimerHandle: Hashable, Sendable {
    let id: UInt64
}

/// Sockets, timers and turn ends. Call these methods only on the thread itself: from an actor that has it as its executor, or from
/// a handler.
extension EventThread {
    /// Calls `handler` on this thread whenever `descriptor` is ready for one of `events` (level-triggered), until `unwatch`.
    /// A second call for the same descriptor replaces the first.
    public func watch(_ descriptor: Int32, for events: Readiness, _ handler: @escaping @Sendable (Readiness) -> Void) {
        preconditionCurrent()
        loop.watch(descriptor, for: events, handler)
    }

    /// Changes the events of a watched descriptor; with an empty set only `hangup` is reported.
    public func update(_ descriptor: Int32, for events: Readiness) {
        preconditionCurrent()
        loop.update(descriptor, for: events)
    }

    /// Stops watching the descriptor. Call it before you close the descriptor: its number may be reused at once.
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

    /// Cancels a timer; no effect if it has fired.
    public func cancel(_ timer: TimerHandle) {
        preconditionCurrent()
        loop.cancel(timer)
    }

    /// Sleeps on this thread's own timers; `Task.sleep` would wake two threads of the runtime. Cancelling the task does not end the
    /// sleep early.
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

    /// Runs `body` on this thread: at once if the caller is on it, otherwise in one of its next turns.
    public func perform(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { return body() }
        Task(executorPreference: self) { body() }
    }

    /// Calls `body` once at the end of the running turn: the place to write what the turn has collected.
    public func atTurnEnd(_ body: @escaping @Sendable () -> Void) {
        preconditionCurrent()
        loop.turnEndHooks.append(body)
    }
}
