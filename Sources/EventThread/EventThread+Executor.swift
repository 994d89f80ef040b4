import CEpoll
import Glibc

extension EventThread {
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            loop.local.append(job)
            return
        }
        let (mustWake, mustStart) = shared.withLock { shared in
            shared.mailbox.append(job)
            let mustStart = !shared.isRunning
            shared.isRunning = true
            defer { shared.isAsleep = false }
            return (shared.isAsleep, mustStart)
        }
        if mustStart { start() } else if mustWake { wake() }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Called by `assumeIsolated` when a socket or timer handler, which runs outside any task, enters an actor (SE-0424).
    public func checkIsolated() { preconditionCurrent() }

    /// SE-0471.
    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    private func start() {
        Pthread.start { [self] in
            shim_name_thread(String(name.prefix(15)))
            identity.store(UInt(pthread_self()), ordering: .relaxed)
            run()
        }
    }

    /// How long a turn goes on with jobs before it runs its hooks and looks at the sockets.
    private static let jobTime = Duration.milliseconds(1)

    private func run() {
        while true {
            let turnStart = ContinuousClock.now
            // First, so that what the timers resume runs in this turn.
            var worked = loop.fireTimers()
            // What a job or a handler resumed runs in the same turn, so that what it sends joins the turn's batch. The limit serves the sockets.
            repeat {
                takeJobs()
                if loop.taken.isEmpty { break }
                worked = true
                // By index: running jobs append to `loop.local`, never to this array.
                for index in loop.taken.indices {
                    loop.taken[index].runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                }
            } while .now - turnStart < Self.jobTime
            loop.runTurnEndHooks()

            guard let timeout = prepareSleep() else { return }
            if worked { loop.spaceTurns(since: turnStart) }
            loop.poll(timeoutMilliseconds: timeout, wakeDescriptor: wakeDescriptor)
            shared.withLock { $0.isAsleep = false }
        }
    }

    /// Moves all waiting jobs into `loop.taken`. It swaps the storage with `loop.local`.
    private func takeJobs() {
        loop.taken.removeAll(keepingCapacity: loop.taken.count < 4096)
        swap(&loop.taken, &loop.local)
        shared.withLock { shared in
            guard !shared.mailbox.isEmpty else { return }
            loop.taken.append(contentsOf: shared.mailbox)
            shared.mailbox.removeAll(keepingCapacity: shared.mailbox.count < 4096)
        }
    }

    /// The time to sleep in milliseconds (-1: until an event), or `nil` if the thread must end.
    private func prepareSleep() -> Int32? {
        let hasLocalWork = !loop.local.isEmpty || loop.hasTurnEndHooks
        let hasSleepers = loop.sleepers > 0
        let timeout = loop.millisecondsToNextTimer
        return shared.withLock { shared in
            if hasLocalWork || !shared.mailbox.isEmpty { return 0 }
            if shared.isStopping, !hasSleepers {
                shared.isRunning = false
                identity.store(0, ordering: .relaxed)
                return nil
            }
            shared.isAsleep = true
            return timeout
        }
    }
}
