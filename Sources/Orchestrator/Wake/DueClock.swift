import EventThread

/// When the next timer of each partition is due, as far as this process knows: from its last read or claim, and from the timers that it
/// sets. It saves nearly all reads of the due set.
actor DueClock {
    private var next: [Int: ContinuousClock.Instant] = [:]
    /// The partitions of this process; it does not remember the timers of others.
    private var own: Set<Int> = []
    private var sleeper: Sleeper?
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private struct Sleeper {
        let continuation: CheckedContinuation<Void, Never>
        let until: ContinuousClock.Instant
        let timer: TimerHandle
    }

    init(on thread: EventThread) { self.thread = thread }

    func lookAfter(_ partitions: [Int]) {
        own = Set(partitions)
        next = next.filter { own.contains($0.key) }
    }

    /// This process has stored a timer.
    func timerSet(on partition: Int, after delay: Duration) {
        guard own.contains(partition) else { return }
        let due = ContinuousClock.now + delay
        if let known = next[partition], known <= due { return }
        next[partition] = due
        if let sleeper, due < sleeper.until { wake(sleeper) }
    }

    /// A request about partitions is about to be sent to the store. Timers set meanwhile count, whatever the answer says.
    func forget(_ partitions: some Sequence<Int>) { for partition in partitions { next[partition] = nil } }

    /// The store's answer; `nil`: the partition has no timer. Of the partitions of others only what is overdue counts: their owner may be gone.
    func learn(_ partition: Int, _ untilNext: Duration?) {
        guard let untilNext, own.contains(partition) || untilNext <= .zero else { return }
        let due = ContinuousClock.now + untilNext
        next[partition] = min(next[partition] ?? due, due)
    }

    /// The partitions whose next timer is due.
    func due() -> [Int] {
        let now = ContinuousClock.now
        return next.filter { $0.value <= now }.map(\.key)
    }

    /// Sleeps until the next timer is due, or until `limit`.
    func sleep(until limit: ContinuousClock.Instant) async {
        let until = min(next.values.min() ?? limit, limit)
        guard until > .now else { return }
        await withCheckedContinuation { continuation in
            let timer = thread.schedule(after: until - .now) { [weak self] in
                self?.assumeIsolated { if let sleeper = $0.sleeper { $0.wake(sleeper) } }
            }
            sleeper = Sleeper(continuation: continuation, until: until, timer: timer)
        }
    }

    private func wake(_ sleeper: Sleeper) {
        self.sleeper = nil
        thread.cancel(sleeper.timer)
        sleeper.continuation.resume()
    }
}
