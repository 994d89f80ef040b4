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

    /// Asked by `assumeIsolated` when a socket or timer handler, which runs outside any task, enters an actor (SE-0424).
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

    private func run() {
        while true {
            let turnStart = ContinuousClock.now
            var worked = false
            // A few rounds let a continuation that a handler resumed run in the same turn; the bound keeps sockets served.
            for _ in 0..<8 {
                let jobs = takeJobs()
                if jobs.isEmpty { break }
                worked = true
                for job in jobs {
                    job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                }
            }
            if loop.fireTimers() { worked = true }
            loop.runTurnEndHooks()

            guard let timeout = prepareSleep() else { return }
            if worked { loop.spaceTurns(since: turnStart) }
            loop.poll(timeoutMilliseconds: timeout, wakeDescriptor: wakeDescriptor)
            shared.withLock { $0.isAsleep = false }
        }
    }

    private func takeJobs() -> [UnownedJob] {
        var jobs = loop.local
        loop.local.removeAll(keepingCapacity: true)
        shared.withLock { shared in
            jobs.append(contentsOf: shared.mailbox)
            shared.mailbox.removeAll(keepingCapacity: shared.mailbox.count < 4096)
        }
        return jobs
    }

    /// The time to sleep in milliseconds (-1: until something happens), or `nil` when the thread shall end.
    private func prepareSleep() -> Int32? {
        let hasLocalWork = !loop.local.isEmpty || loop.hasTurnEndHooks
        let timeout = loop.millisecondsToNextTimer
        return shared.withLock { shared in
            if hasLocalWork || !shared.mailbox.isEmpty { return 0 }
            if shared.isStopping {
                shared.isRunning = false
                identity.store(0, ordering: .relaxed)
                return nil
            }
            shared.isAsleep = true
            return timeout
        }
    }
}
