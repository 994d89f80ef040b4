import CEpoll
import Glibc
import HeapModule
import Synchronization

/// One thread, one mailbox, one wake-up: the place where C libraries that poll sockets meet async Swift.
///
/// An `EventThread` is a serial executor and a task executor. A driver of a C library is an actor whose `unownedExecutor` is
/// the thread: its isolated state, the library's handles included, is then touched by this one thread only, and the compiler
/// checks it. Sockets and timers call back on the same thread (`watch`, `schedule`), from where the actor goes on by
/// `assumeIsolated`. Any number of drivers shares one thread; a process starts with one.
///
/// A *turn* takes everything out of the mailbox, runs it, handles the sockets that are ready and the timers that are due, and
/// ends by the hooks of `atTurnEnd`, in which drivers write what the turn has collected. `minimumTurn` spaces the turns
/// under load, so that each batch grows; an idle thread answers at once all the same.
///
/// A job carries the thread as its task executor too. A caller that has no preference for it is therefore suspended for a moment
/// where an actor's method enters `withCheckedContinuation`: look at the state inside its closure, not only before it.
///
/// The thread runs until `stop()`; a job that comes later starts it again for as long as there is work, so that nothing that
/// awaits can hang on a stopped thread.
public final class EventThread: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // Unchecked: `shared` is behind its mutex and `identity` is atomic; `loop` is touched by the running thread alone, which
    // `preconditionCurrent` guards at every entrance.
    let shared = Mutex(Shared())
    let identity = Atomic<UInt>(0)
    let loop: Loop
    let wakeDescriptor: Int32
    public let name: String

    /// What other threads may touch.
    struct Shared {
        var mailbox: [UnownedJob] = []
        var isAsleep = false
        var isRunning = false
        var isStopping = false
    }

    /// - Parameters:
    ///   - name: the thread's name as `ps -L` and debuggers show it (15 characters are kept).
    ///   - minimumTurn: the least time from the start of one turn to the start of the next while there is work.
    ///     500 µs saved 5 µs of CPU a poll cycle on the reference machine; zero where each round trip counts.
    public init(name: String, minimumTurn: Duration = .zero) {
        self.name = name
        self.loop = Loop(minimumTurn: minimumTurn)
        self.wakeDescriptor = shim_eventfd()
        loop.add(descriptor: wakeDescriptor)
    }

    deinit {
        loop.close()
        Glibc.close(wakeDescriptor)
    }

    /// Lets the thread end as soon as its mailbox is empty. Call it after the drivers have been shut down.
    public func stop() {
        let mustWake = shared.withLock { shared in
            shared.isStopping = true
            defer { shared.isAsleep = false }
            return shared.isAsleep
        }
        if mustWake { wake() }
    }

    /// Whether the caller runs on this thread.
    public var isCurrent: Bool { identity.load(ordering: .relaxed) == UInt(pthread_self()) }

    func preconditionCurrent() {
        precondition(isCurrent, "this call belongs on the event thread \(name)")
    }

    func wake() {
        var one: UInt64 = 1
        // The counter of an eventfd is full after 2^64 - 2 writes; EAGAIN then still leaves it readable.
        _ = write(wakeDescriptor, &one, 8)
    }
}
