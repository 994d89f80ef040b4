import EventThread

/// A bound on what is in hand at once. Who takes more in waits here first: that is the back-pressure of every loop.
actor InFlightLimit {
    let limit: Int
    private(set) var count = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var isClosed = false
    private var isAbandoned = false
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ limit: Int, on thread: EventThread) {
        self.limit = limit
        self.thread = thread
    }

    /// Waits until there is room, and tells how much. Nothing is taken yet: there is one taker, which calls `enter` next.
    func room() async -> Int {
        while isFull { await wait(while: { $0.isFull }) }
        return max(limit - count, 1)
    }

    /// May go past the limit by what one message holds, since its wakes come together.
    func enter(_ number: Int) { count += number }

    func leave(_ number: Int = 1) {
        count -= number
        if count < limit || count == 0 { wakeAll() }
    }

    /// Nobody waits for room any more: the taker is about to end, and what is in hand may take its time.
    func close() {
        isClosed = true
        wakeAll()
    }

    /// Waits until nothing is in hand, or nobody waits for it any more.
    func drain() async {
        while isBusy { await wait(while: { $0.isBusy }) }
    }

    /// Ends `drain` with things still in hand.
    func abandon() {
        isAbandoned = true
        wakeAll()
    }

    private var isFull: Bool { count >= limit && !isClosed && !isAbandoned }
    private var isBusy: Bool { count > 0 && !isAbandoned }

    /// Looks again where it can no longer be suspended: a caller without this executor may have been on its way here.
    private func wait(while mustWait: (isolated InFlightLimit) -> Bool) async {
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
