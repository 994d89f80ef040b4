/// A bound on the work in progress. A loop waits here before it accepts more work, which is its back-pressure.
///
/// There is one taker, which waits for `room` and then calls `enter`; each piece of work calls `leave` at its end.
public actor WorkLimiter {
    public let limit: Int
    /// How much work is in progress.
    public private(set) var count = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var isClosed = false
    private var isAbandoned = false
    private let thread: EventThread
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    public init(_ limit: Int, on thread: EventThread) {
        self.limit = limit
        self.thread = thread
    }

    /// Waits until there is room.
    /// - Returns: how much more may enter; 0 after `close`. Nothing has entered yet.
    public func room() async -> Int {
        while isFull { await wait(while: { $0.isFull }) }
        return isClosed ? 0 : limit - count
    }

    /// May exceed the limit by what one message contains, since its pieces of work come together.
    public func enter(_ number: Int = 1) { count += number }

    public func leave(_ number: Int = 1) {
        count -= number
        if count < limit || count == 0 { wakeAll() }
    }

    /// Ends the waiting for room: the taker is about to end, and what is in progress continues.
    public func close() {
        isClosed = true
        wakeAll()
    }

    /// Waits until nothing is in progress, or until the deadline or `abandon`.
    /// - Returns: how much is still in progress.
    @discardableResult
    public func drain(until deadline: ContinuousClock.Instant? = nil) async -> Int {
        let timer = deadline.map { deadline in
            thread.schedule(after: max(deadline - .now, .zero)) { [weak self] in self?.assumeIsolated { $0.wakeAll() } }
        }
        while isBusy(before: deadline) { await wait(while: { $0.isBusy(before: deadline) }) }
        if let timer { thread.cancel(timer) }
        return count
    }

    /// Closes, and ends `drain` with work still in progress.
    public func abandon() {
        isAbandoned = true
        close()
    }

    private var isFull: Bool { count >= limit && !isClosed }

    private func isBusy(before deadline: ContinuousClock.Instant?) -> Bool {
        count > 0 && !isAbandoned && deadline.map { .now < $0 } != false
    }

    /// Checks again where it can no longer be suspended: a caller without this executor may have been suspended on its way here.
    private func wait(while mustWait: (isolated WorkLimiter) -> Bool) async {
        await withCheckedContinuation { continuation in
            if mustWait(self) { waiters.append(continuation) } else { continuation.resume() }
        }
    }

    private func wakeAll() {
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume() }
    }
}
