import CEpoll
import Glibc
import HeapModule

/// The state of the running thread: epoll set, timers, turn-end hooks.
final class Loop {
    private let epoll = shim_epoll_create()
    private let minimumTurn: Duration
    private var watches: [Int32: Watch] = [:]
    private var generation: UInt32 = 0
    private var timers = Heap<Timer>()
    private var timerBodies: [UInt64: @Sendable () -> Void] = [:]
    private var lastTimer: UInt64 = 0
    /// The number of callers in `sleep`: the thread does not end before they do.
    var sleepers = 0
    private var events = [epoll_event](repeating: epoll_event(), count: 256)

    /// Jobs that the thread enqueued for itself: no lock, no wake-up.
    var local: [UnownedJob] = []
    /// The jobs that run now.
    var taken: [UnownedJob] = []
    var turnEndHooks: [@Sendable () -> Void] = []
    /// The work of the running turn for other threads.
    var outgoing: [OutgoingBatch] = []
    var hasTurnEndHooks: Bool { !turnEndHooks.isEmpty }

    private struct Watch {
        var generation: UInt32
        var handler: @Sendable (Readiness) -> Void
    }

    private struct Timer: Comparable {
        var deadline: ContinuousClock.Instant
        var id: UInt64
        static func < (left: Timer, right: Timer) -> Bool { (left.deadline, left.id) < (right.deadline, right.id) }
    }

    init(minimumTurn: Duration) { self.minimumTurn = minimumTurn }

    func close() { Glibc.close(epoll) }

    /// The thread's own wake-up descriptor: generation 0, which no watch has.
    func add(descriptor: Int32) {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64(UInt32(bitPattern: descriptor))))
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }
}

extension Loop {
    func watch(_ descriptor: Int32, for events: Readiness, _ handler: @escaping @Sendable (Readiness) -> Void) {
        let isNew = watches[descriptor] == nil
        generation &+= 1
        if generation == 0 { generation = 1 }
        watches[descriptor] = Watch(generation: generation, handler: handler)
        control(isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, events, generation)
    }

    func update(_ descriptor: Int32, for events: Readiness) {
        guard let watch = watches[descriptor] else { return }
        control(EPOLL_CTL_MOD, descriptor, events, watch.generation)
    }

    func unwatch(_ descriptor: Int32) {
        guard watches.removeValue(forKey: descriptor) != nil else { return }
        control(EPOLL_CTL_DEL, descriptor, [], 0)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: Readiness, _ generation: UInt32) {
        var mask: UInt32 = 0
        if events.contains(.read) { mask |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
        if events.contains(.write) { mask |= EPOLLOUT.rawValue }
        // The generation distinguishes an event of this watch from one of a closed descriptor with the same number.
        let tag = UInt64(UInt32(bitPattern: descriptor)) | UInt64(generation) << 32
        var event = epoll_event(events: mask, data: epoll_data_t(u64: tag))
        if epoll_ctl(epoll, operation, descriptor, &event) != 0, operation == EPOLL_CTL_MOD, errno == ENOENT {
            // The library closed and reopened the descriptor without notice: the kernel dropped it at the close.
            epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        }
    }

    func poll(timeoutMilliseconds: Int32, wakeDescriptor: Int32) {
        let count = epoll_wait(epoll, &events, Int32(events.count), timeoutMilliseconds)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let event = events[index]
            let descriptor = Int32(truncatingIfNeeded: event.data.u64 & 0xFFFF_FFFF)
            if descriptor == wakeDescriptor {
                var counter: UInt64 = 0
                _ = read(wakeDescriptor, &counter, 8)
                continue
            }
            guard let watch = watches[descriptor], watch.generation == UInt32(event.data.u64 >> 32) else { continue }
            watch.handler(Readiness(epoll: event.events))
        }
    }
}

extension Loop {
    func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> TimerHandle {
        lastTimer += 1
        timerBodies[lastTimer] = body
        timers.insert(Timer(deadline: .now + delay, id: lastTimer))
        return TimerHandle(id: lastTimer)
    }

    func cancel(_ handle: TimerHandle) {
        timerBodies[handle.id] = nil
        // Timeouts are nearly always cancelled; without this the heap would keep each one until its deadline.
        if timers.count > 2 * timerBodies.count + 1024 {
            timers = Heap(timers.unordered.filter { timerBodies[$0.id] != nil })
        }
    }

    /// Runs the timers that are due; returns whether there were any.
    func fireTimers() -> Bool {
        guard let first = timers.min else { return false }
        let now = ContinuousClock.now
        guard first.deadline <= now else { return false }
        var fired = false
        while let timer = timers.min, timer.deadline <= now {
            timers.removeMin()
            guard let body = timerBodies.removeValue(forKey: timer.id) else { continue }
            fired = true
            body()
        }
        return fired
    }

    /// -1 if there is no timer; rounded up, so that no timer fires early.
    var millisecondsToNextTimer: Int32 {
        guard let next = timers.min else { return -1 }
        let wait = next.deadline - .now
        if wait <= .zero { return 0 }
        let milliseconds = wait.components.seconds * 1000 + (wait.components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: milliseconds)
    }

    func runTurnEndHooks() {
        let hooks = turnEndHooks
        turnEndHooks.removeAll(keepingCapacity: true)
        for hook in hooks { hook() }
    }

    func spaceTurns(since start: ContinuousClock.Instant) {
        guard minimumTurn > .zero else { return }
        let rest = minimumTurn - (.now - start)
        guard rest > .zero else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(rest.components.attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}

extension Readiness {
    init(epoll mask: UInt32) {
        var readiness: Readiness = []
        if mask & EPOLLIN.rawValue != 0 { readiness.insert(.read) }
        if mask & EPOLLOUT.rawValue != 0 { readiness.insert(.write) }
        if mask & (EPOLLHUP.rawValue | EPOLLERR.rawValue | EPOLLRDHUP.rawValue) != 0 { readiness.insert(.hangup) }
        self = readiness
    }
}
