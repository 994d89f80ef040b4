import CEpoll
import Glibc

/// Threads for short calls that may block, such as those of a file system: what has done one call waits a while for the next, since to
/// make a thread and to end it costs more than to write a small file. A call never waits for another: while all threads are
/// busy, and be it with a share that hangs, the next call gets a new one.
public final class BlockingThreads: Sendable {
    private let name: String
    private let queue: CallQueue

    /// - Parameters:
    ///   - name: of the threads, as `ps -L` and debuggers show it (15 characters are kept).
    ///   - idleTime: how long a thread waits for its next call before it ends.
    public init(name: String, idleTime: Duration = .seconds(5)) {
        self.name = name
        self.queue = CallQueue(idleTime: idleTime)
    }

    /// Runs a blocking `body` on one of the threads and returns what it returns. The caller waits without holding a thread; cancelling
    /// it does not interrupt `body`.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            guard queue.needsThread(for: { continuation.resume(with: Result { try body() }) }) else { return }
            // It takes its first call out of the queue too: what it was started with would live as long as the thread.
            Pthread.start(name) { [queue] in
                var isFirst = true
                while Self.runNext(of: queue, isFirst: isFirst) { isFirst = false }
            }
        }
    }
}

extension BlockingThreads {
    /// A function of its own, so that nothing of the call outlives it while its thread waits for the next.
    private static func runNext(of queue: CallQueue, isFirst: Bool) -> Bool {
        guard let call = queue.next(isFirst: isFirst) else { return false }
        call()
        return true
    }
}

/// Calls on their way to threads that wait for one.
private final class CallQueue: @unchecked Sendable {
    // Unchecked: everything is behind the mutex.
    typealias Call = @Sendable () -> Void

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let idleTime: timespec
    /// Never more than threads that wait and that are being started.
    private var calls: [Call] = []
    private var waiting = 0
    private var starting = 0

    init(idleTime: Duration) {
        let (seconds, attoseconds) = idleTime.components
        self.idleTime = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(arrival, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(arrival)
        pthread_mutex_destroy(mutex)
        arrival.deallocate()
        mutex.deallocate()
    }

    /// Takes the call in. True when no thread is free for it: the caller starts one.
    func needsThread(for call: @escaping Call) -> Bool {
        pthread_mutex_lock(mutex)
        calls.append(call)
        let mustStart = calls.count > waiting + starting
        if mustStart { starting += 1 }
        pthread_mutex_unlock(mutex)
        // After the mutex, for which the thread would only wait again.
        if !mustStart { pthread_cond_signal(arrival) }
        return mustStart
    }

    /// The next call for the thread that asks; `nil` when it has waited long enough and shall end.
    func next(isFirst: Bool = false) -> Call? {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += idleTime.tv_sec
        deadline.tv_nsec += idleTime.tv_nsec
        if deadline.tv_nsec >= 1_000_000_000 {
            deadline.tv_sec += 1
            deadline.tv_nsec -= 1_000_000_000
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if isFirst { starting -= 1 }
        waiting += 1
        defer { waiting -= 1 }
        while calls.isEmpty {
            if pthread_cond_timedwait(arrival, mutex, &deadline) == ETIMEDOUT, calls.isEmpty { return nil }
        }
        return calls.removeFirst()
    }
}
