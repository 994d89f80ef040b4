import CEpoll
import Glibc

/// Threads that may block, for C calls without a non-blocking form: connecting, resolving names, unpacking.
public enum Pthread {
    /// Runs `body` on a new detached thread.
    static func start(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        // EAGAIN: the system has no free thread now. The body must run, so wait for one.
        while pthread_create(&thread, nil, { Pthread.enter($0) }, box.toOpaque()) != 0 {
            var pause = timespec(tv_sec: 0, tv_nsec: 10_000_000)
            nanosleep(&pause, nil)
        }
        pthread_detach(thread)
    }

    /// Runs `body` on a new detached thread and does not wait for it.
    public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        start {
            shim_name_thread(String(name.prefix(15)))
            body()
        }
    }

    /// Runs a blocking `body` on its own thread and returns its result. The caller waits without holding a thread. Cancelling the
    /// caller does not interrupt `body`, which needs its own timeouts.
    public static func run<Value: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            start {
                shim_name_thread(String(name.prefix(15)))
                continuation.resume(with: Result { try body() })
            }
        }
    }

    private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
