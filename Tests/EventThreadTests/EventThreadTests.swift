import EventThread
import Glibc
import Synchronization
import Testing

/// An actor that runs on an event thread, like the drivers.
private actor Probe {
    let thread: EventThread
    var received: [UInt8] = []
    var turnEnds = 0
    private var waiters: [CheckedContinuation<Void, Never>] = []
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(on thread: EventThread) { self.thread = thread }

    func isOnThread() -> Bool { thread.isCurrent }

    func watch(_ descriptor: Int32) {
        thread.watch(descriptor, for: .read) { [weak self] _ in
            self?.assumeIsolated { $0.readByte(descriptor) }
        }
    }

    private func readByte(_ descriptor: Int32) {
        var byte: UInt8 = 0
        guard read(descriptor, &byte, 1) == 1 else { return }
        received.append(byte)
        signal()
    }

    func waitForBytes(_ count: Int) async {
        while received.count < count { await withCheckedContinuation { waiters.append($0) } }
    }

    private func signal() {
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func fire(after delays: [Duration]) async -> [Int] {
        var order: [Int] = []
        await withCheckedContinuation { continuation in
            let log = Log(count: delays.count, continuation)
            for (index, delay) in delays.enumerated() {
                thread.schedule(after: delay) { [weak self] in self?.assumeIsolated { _ in log.add(index) } }
            }
            self.log = log
        }
        order = log?.order ?? []
        return order
    }
    private var log: Log?

    func cancelledTimerFires() async -> Bool {
        let fired = Flag()
        let timer = thread.schedule(after: .milliseconds(1)) { fired.set() }
        thread.cancel(timer)
        await withCheckedContinuation { continuation in thread.schedule(after: .milliseconds(20)) { continuation.resume() } }
        return fired.isSet
    }

    func registerTurnEnd() { thread.atTurnEnd { [weak self] in self?.assumeIsolated { $0.turnEnds += 1 } } }
}

private final class Log: @unchecked Sendable {  // accessed only on the event thread
    var order: [Int] = []
    private let count: Int
    private let continuation: CheckedContinuation<Void, Never>
    init(count: Int, _ continuation: CheckedContinuation<Void, Never>) { (self.count, self.continuation) = (count, continuation) }
    func add(_ index: Int) {
        order.append(index)
        if order.count == count { continuation.resume() }
    }
}

private final class Flag: @unchecked Sendable {  // accessed only on the event thread
    private(set) var isSet = false
    func set() { isSet = true }
}

@Suite("An event thread") struct EventThreadTests {
    let thread = EventThread(name: "test")

    @Test("runs its actors") func isolation() async {
        let probe = Probe(on: thread)
        #expect(await probe.isOnThread())
        #expect(!thread.isCurrent)
        thread.stop()
    }

    @Test("runs tasks that prefer it, and their child tasks") func taskExecutor() async {
        let onThread = await Task(executorPreference: thread) { [thread] in
            async let child = { @Sendable in thread.isCurrent }()
            return await (thread.isCurrent, child)
        }.value
        #expect(onThread.0)
        #expect(onThread.1)
        thread.stop()
    }

    @Test("calls a socket's handler when bytes arrive") func sockets() async {
        var pair: [Int32] = [0, 0]
        #expect(pipe(&pair) == 0)
        let probe = Probe(on: thread)
        await probe.watch(pair[0])
        for byte: UInt8 in [7, 8, 9] {
            var byte = byte
            #expect(write(pair[1], &byte, 1) == 1)
        }
        await probe.waitForBytes(3)
        #expect(await probe.received == [7, 8, 9])
        thread.stop()
    }

    @Test("fires timers in the order of their deadlines") func timers() async {
        let probe = Probe(on: thread)
        #expect(await probe.fire(after: [.milliseconds(30), .milliseconds(1), .milliseconds(10)]) == [1, 2, 0])
        thread.stop()
    }

    @Test("does not fire a cancelled timer") func cancelledTimer() async {
        #expect(await !Probe(on: thread).cancelledTimerFires())
        thread.stop()
    }

    @Test("lets a task sleep, on the thread or elsewhere, and never wakes it early") func sleeping() async {
        let asked = Duration.milliseconds(10)
        let begun = ContinuousClock.now
        await thread.sleep(for: asked)
        let woken = ContinuousClock.now
        await Task(executorPreference: thread) { [thread] in await thread.sleep(for: asked) }.value
        #expect(woken - begun >= asked)
        #expect(ContinuousClock.now - woken >= asked)
        thread.stop()
        await thread.sleep(for: asked)
    }

    @Test("performs calls from itself at once, and calls from elsewhere soon") func performing() async {
        let thread = EventThread(name: "test")
        defer { thread.stop() }
        let wasOnThread = await withCheckedContinuation { continuation in
            thread.perform {
                let isDone = Mutex(false)
                thread.perform { isDone.withLock { $0 = true } }
                continuation.resume(returning: thread.isCurrent && isDone.withLock { $0 })
            }
        }
        #expect(wasOnThread)
    }

    @Test("runs a turn-end hook once") func turnEnd() async {
        let probe = Probe(on: thread)
        await probe.registerTurnEnd()
        _ = await probe.fire(after: [.milliseconds(2)])
        #expect(await probe.turnEnds == 1)
        thread.stop()
    }

    @Test("serves its sockets while jobs keep resuming each other", .timeLimit(.minutes(1))) func fairness() async {
        var pair: [Int32] = [0, 0]
        #expect(pipe(&pair) == 0)
        let probe = Probe(on: thread)
        await probe.watch(pair[0])
        let output = pair[1]
        await Task(executorPreference: thread) {
            var byte: UInt8 = 7
            #expect(write(output, &byte, 1) == 1)
            while await probe.received.isEmpty { await Task.yield() }
        }.value
        #expect(await probe.received == [7])
        thread.stop()
    }

    @Test("still runs jobs that arrive after stop") func lateJobs() async {
        thread.stop()
        let probe = Probe(on: thread)
        #expect(await probe.isOnThread())
        #expect(await probe.isOnThread())
    }

    @Test("runs blocking calls elsewhere and rethrows their errors") func offload() async throws {
        struct Refused: Error {}
        #expect(try await Pthread.run("blocking") { 42 } == 42)
        await #expect(throws: Refused.self) { try await Pthread.run("blocking") { () throws -> Int in throw Refused() } }
    }
}
