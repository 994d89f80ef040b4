import CEpoll
import Glibc
import HeapModule
import Synchronization

/// One thread, one mailbox, one wake-up: connects C libraries that poll sockets with async Swift.
///
/// An `EventThread` is a serial executor and a task executor. A driver of a C library is an actor whose `unownedExecutor` is the
/// thread: only this thread then touches the actor's isolated state, including the library's handles, and the compiler checks it.
/// Sockets and timers call back on the same thread (`watch`, `schedule`), from where the actor continues with `assumeIsolated`. Any
/// number of drivers can share one thread; a process starts with one.
///
/// A *turn* runs everything in the mailbox, handles the sockets that are ready and the timers that are due, and ends with the hooks
/// of `atTurnEnd`, in which drivers write what the turn has collected. `minimumTurn` spaces the turns under load, so that batches
/// grow; an idle thread still responds at once.
///
/// A job carries the thread as its task executor too. A caller without a preference for it is therefore suspended briefly where an
/// actor's method enters `withCheckedContinuation`: check the state inside its closure, not only before it.
///
/// The thread runs until `stop()`. A later job restarts it for as long as there is work, so that nothing that awaits can hang on a
/// stopped thread.
public final class EventThread: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // Unchecked: `shared` is guarded by its mutex and `identity` is atomic; only the running thread touches `loop`, which
    // `preconditionCurrent` checks at every entry point.
    let shared = Mutex(Shared())
    let identity = Atomic<UInt>(0)
    let loop: Loop
    let wakeDescriptor: Int32
    public let name: String

    /// The state that other threads may touch.
    struct Shared {
        var mailbox: [UnownedJob] = []
        var isAsleep = false
        var isRunning = false
        var isStopping = false
    }

    /// - Parameters:
    ///   - name: the thread's name in `ps -L` and debuggers (15 characters are kept).
    ///   - minimumTurn: the minimum time between the starts of two turns while there is work. 500 µs saved 5 µs of CPU per poll
    ///     cycle on the reference machine; use zero where each round trip counts.
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

    /// Ends the thread as soon as its mailbox is empty. Call it after the drivers are shut down.
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
        precondition(isCurrent, "this call must run on the event thread \(name)")
    }

    func wake() {
        var one: UInt64 = 1
        // The counter of an eventfd overflows after 2^64 - 2 writes; EAGAIN then still leaves it readable.
        _ = write(wakeDescriptor, &one, 8)
    }
}
