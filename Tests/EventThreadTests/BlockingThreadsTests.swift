import EventThread
import Glibc
import Synchronization
import Testing

@Suite("Threads for blocking calls")
struct BlockingThreadsTests {
    private struct Refusal: Error {}

    private final class Arrivals: Sendable {
        private let number = Mutex(0)
        var count: Int { number.withLock { $0 } }
        func add(_ more: Int) { number.withLock { $0 += more } }
    }

    @Test("return the result of a call and throw its error") func results() async throws {
        let threads = BlockingThreads(name: "blocking")
        #expect(try await threads.run { 7 } == 7)
        await #expect(throws: Refusal.self) { try await threads.run { throw Refusal() } }
    }

    @Test("are reused") func reuse() async throws {
        let threads = BlockingThreads(name: "blocking", idleTime: .seconds(60))
        var used: Set<String> = []
        for _ in 0..<100 { used.insert(try await threads.run { Self.thread() }) }
        // A call gets another thread if the thread of the previous call is not idle yet.
        #expect(used.count < 20)
    }

    @Test("keep no reference to a finished call") func letGo() async throws {
        let threads = BlockingThreads(name: "blocking", idleTime: .seconds(60))
        weak var held: Arrivals?
        do {
            let arrivals = Arrivals()
            held = arrivals
            try await threads.run { arrivals.add(1) }
        }
        // The thread releases the call a moment after it has delivered the result.
        let deadline = ContinuousClock.now + .seconds(10)
        while held != nil, .now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        #expect(held == nil)
    }

    @Test("run calls in parallel, however many hang") func hanging() async throws {
        let threads = BlockingThreads(name: "blocking")
        let calls = 40
        let arrived = Arrivals()
        let deadline = ContinuousClock.now + .seconds(30)
        let running = (0..<calls).map { _ in
            Task {
                try await threads.run {
                    arrived.add(1)
                    // Each call hangs until all have started.
                    while arrived.count < calls, .now < deadline { usleep(1000) }
                }
            }
        }
        for call in running { try await call.value }
        #expect(ContinuousClock.now < deadline)
    }

    @Test("end when they are idle for a while, and start again") func idle() async throws {
        let threads = BlockingThreads(name: "blocking", idleTime: .milliseconds(10))
        let first = try await threads.run { Self.thread() }
        let deadline = ContinuousClock.now + .seconds(10)
        while isThere(first), .now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        #expect(!isThere(first))
        #expect(try await threads.run { 1 } == 1)
    }

    /// The current thread as a folder below `/proc`: `1234/task/1236`.
    private static func thread() -> String {
        var name = [UInt8](repeating: 0, count: 64)
        let count = name.withUnsafeMutableBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { name in readlink("/proc/thread-self", name, 64) } ?? -1 }
        }
        return String(decoding: name.prefix(max(count, 0)), as: UTF8.self)
    }

    private func isThere(_ thread: String) -> Bool { access("/proc/\(thread)", F_OK) == 0 }
}
