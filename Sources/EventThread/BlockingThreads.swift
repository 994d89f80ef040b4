import CEpoll
import Glibc

/// Threads for short blocking calls, such as file system calls. A thread waits a while for another call before it ends, because
/// starting and ending a thread costs more than writing a small file. Calls never wait for each other: if all threads are busy,
/// even on a share that hangs, the next call gets a new thread.
public final class BlockingThreads: Sendable {
    private let name: String
    private let queue: CallQueue

    /// - Parameters:
    ///   - name: the threads' name in `ps -L` and debuggers (15 characters are kept).
    ///   - idleTime: how long an idle thread waits for its next call before it ends.
    public init(name: String, idleTime: Duration = .seconds(5)) {
        self.name = name
        self.queue = CallQueue(idleTime: idleTime)
    }

    /// Runs a blocking `body` on one of the threads and returns its result. The caller waits without holding a thread; cancelling
    /// the caller does not interrupt `body`.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            guard queue.needsThread(for: { continuation.resume(with: Result { try body() }) }) else { return }
            // The thread takes its first call from the queue too: a call captured here would live as long as the thread.
            Pthread.start(name) { [queue] in
                var isFirst = true
                while Self.runNext(of: queue, isFirst: isFirst) { isFirst = false }
            }
        }
    }
}

extension BlockingThreads {
    /// A separate function, so that nothing of the call stays alive while its thread waits for the next.
    private static func runNext(of queue: CallQueue, isFirst: Bool) -> Bool {
        guard let call = queue.next(isFirst: isFirst) else { return false }
        call()
        return true
    }
}

/// The calls that wait for a thread.
private final class CallQueue: @unchecked Sendable {
    // Unchecked: the mutex guards all state.
    typealias Call = @Sendable () -> Void

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let idleTime: timespec
    /// Never more calls than waiting and starting threads.
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

    /// Queues the call. Returns true if no thread is free for it, and the caller must start one.
    func needsThread(for call: @escaping Call) -> Bool {
        pthread_mutex_lock(mutex)
        calls.append(call)
        let mustStart = calls.count > waiting + starting
        if mustStart { starting += 1 }
        pthread_mutex_unlock(mutex)
        // Outside the mutex, for which the woken thread would otherwise wait.
        if !mustStart { pthread_cond_signal(arrival) }
        return mustStart
    }

    /// The next call for the calling thread; `nil` after the idle time, when the thread must end.
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
