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

    @Test("hand back what a call returns, and what it throws") func results() async throws {
        let threads = BlockingThreads(name: "blocking")
        #expect(try await threads.run { 7 } == 7)
        await #expect(throws: Refusal.self) { try await threads.run { throw Refusal() } }
    }

    @Test("are used again") func reuse() async throws {
        let threads = BlockingThreads(name: "blocking", idleTime: .seconds(60))
        var used: Set<String> = []
        for _ in 0..<100 { used.insert(try await threads.run { Self.thread() }) }
        // A call that comes while its forerunner's thread is on its way back gets another.
        #expect(used.count < 20)
    }

    @Test("keep nothing of a call that is over") func letGo() async throws {
        let threads = BlockingThreads(name: "blocking", idleTime: .seconds(60))
        weak var held: Arrivals?
        do {
            let arrivals = Arrivals()
            held = arrivals
            try await threads.run { arrivals.add(1) }
        }
        // The thread lets go a moment after it has told the result.
        let deadline = ContinuousClock.now + .seconds(10)
        while held != nil, .now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        #expect(held == nil)
    }

    @Test("do not let one call wait for another, however many hang") func hanging() async throws {
        let threads = BlockingThreads(name: "blocking")
        let calls = 40
        let arrived = Arrivals()
        let deadline = ContinuousClock.now + .seconds(30)
        let running = (0..<calls).map { _ in
            Task {
                try await threads.run {
                    arrived.add(1)
                    // Each hangs until all have begun.
                    while arrived.count < calls, .now < deadline { usleep(1000) }
                }
            }
        }
        for call in running { try await call.value }
        #expect(ContinuousClock.now < deadline)
    }

    @Test("end when nothing has come for a while, and start anew") func idle() async throws {
        let threads = BlockingThreads(name: "blocking", idleTime: .milliseconds(10))
        let first = try await threads.run { Self.thread() }
        let deadline = ContinuousClock.now + .seconds(10)
        while isThere(first), .now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        #expect(!isThere(first))
        #expect(try await threads.run { 1 } == 1)
    }

    /// The running thread, as a folder below `/proc`: `1234/task/1236`.
    private static func thread() -> String {
        var name = [UInt8](repeating: 0, count: 64)
        let count = name.withUnsafeMutableBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { name in readlink("/proc/thread-self", name, 64) } ?? -1 }
        }
        return String(decoding: name.prefix(max(count, 0)), as: UTF8.self)
    }

    private func isThere(_ thread: String) -> Bool { access("/proc/\(thread)", F_OK) == 0 }
}
