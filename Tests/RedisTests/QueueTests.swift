import Testing

@testable import Redis

/// Only the queue and the batches, without a server and with a stopped clock.
@Suite("The queue of a Redis pipeline") struct QueueTests {
    private let now = ContinuousClock.now
    private var limits: RedisConfiguration.Limits {
        var limits = RedisConfiguration.Limits()
        (limits.batchCommands, limits.batchBytes, limits.queuedCommands, limits.queuedBytes) = (4, 100, 10, 1000)
        return limits
    }

    private func call(_ id: UInt64, commands: Int = 1, bytes: Int = 1, after timeout: Duration = .seconds(10)) -> Call {
        let value = RedisArgument.bytes([UInt8](repeating: 120, count: bytes))
        return Call(
            id: id, operation: "ECHO", commands: EncodedCommands(all: Array(repeating: [value], count: commands)),
            deadline: now + timeout)
    }

    private func queue(_ calls: [Call]) -> Queue {
        let queue = Queue(limits, start: now)
        for call in calls { #expect(queue.enqueue(call)) }
        return queue
    }

    @Test("limits batches by the number of commands, and splits a pipeline in two if needed") func commandsInBatch() {
        let calls = [call(1), call(2, commands: 6), call(3)]
        let queue = queue(calls)
        #expect(queue.batch() == 2)
        #expect(calls.map(\.sent) == [1, 3, 0])
        #expect(queue.batch() == 0)
        for number in 1...4 { #expect(queue.answer(.integer(Int64(number)))) }
        #expect(calls.map(\.isSettled) == [true, false, false])
        #expect(queue.batch() == 2)
        for number in 5...8 { #expect(queue.answer(.integer(Int64(number)))) }
        #expect(calls[1].replies == (2...7).map { .integer($0) })
        #expect(calls[2].replies == [.integer(8)])
        #expect(queue.pipeline.isIdle)
        #expect(!queue.answer(.null))
    }

    @Test("limits batches by their bytes, and sends a longer command alone") func bytesInBatch() {
        let calls = [call(1, bytes: 60), call(2, bytes: 60), call(3, bytes: 500), call(4)]
        let queue = queue(calls)
        for sent in [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]] {
            #expect(queue.batch() == 1)
            #expect(calls.map(\.sent) == sent)
            #expect(queue.answer(.null))
        }
    }

    @Test("has room for its maximum of commands and bytes, and for one call of any size when it is empty") func bounds() {
        let commands = queue((1...10).map { call($0) })
        #expect(!commands.enqueue(call(11)))
        commands.pipeline.cancel(3)
        #expect(commands.enqueue(call(12)))
        let bytes = queue([call(1, bytes: 2000)])
        #expect(!bytes.enqueue(call(2)))
        #expect(bytes.batch() == 1)
        #expect(bytes.enqueue(call(3)))
    }

    @Test("does not send cancelled or expired commands, and reports which may have run") func dropped() {
        let calls = [call(1, after: .seconds(1)), call(2, after: .seconds(1)), call(3), call(4)]
        let queue = queue([calls[0]])
        #expect(queue.batch() == 1)
        for call in calls.dropFirst() { #expect(queue.enqueue(call)) }
        queue.pipeline.cancel(3)
        #expect(!queue.expire(after: .seconds(1)))
        #expect(
            calls.map { $0.failure?.kind } == [
                .timedOut(mayHaveRun: true), .timedOut(mayHaveRun: false), .cancelled(mayHaveRun: false), nil,
            ])
        #expect(queue.answer(.null))
        #expect(queue.batch() == 1)
        #expect(calls[3].sent == 1)
        #expect(queue.answer(.status("OK")))
        #expect(calls[3].replies == [.status("OK")])
    }

    @Test("treats a batch as overdue when its youngest command has reached its deadline") func overdue() {
        let queue = queue([call(1, after: .seconds(1)), call(2, after: .seconds(30))])
        #expect(queue.batch() == 2)
        #expect(queue.pipeline.nextDeadline == now + .seconds(1))
        #expect(!queue.expire(after: .seconds(29)))
        #expect(queue.pipeline.nextDeadline == now + .seconds(30))
        #expect(queue.expire(after: .seconds(30)))
    }

    @Test("keeps waiting calls when the connection breaks, but not the rest of a started pipeline") func lost() {
        let calls = [call(1, commands: 6), call(2)]
        let queue = queue(calls)
        #expect(queue.batch() == 1)
        queue.pipeline.loseBatch(cause: "gone")
        #expect(calls[0].failure?.kind == .connectionLost(mayHaveRun: true))
        #expect(calls[0].failure?.cause == "gone")
        #expect(!calls[1].isSettled)
        #expect(queue.pipeline.queuedCommands == 1)
        #expect(queue.batch() == 1)
        #expect(calls[1].sent == 1)
    }

    @Test("removes calls that were cancelled while nothing is sent") func sweep() {
        var limits = RedisConfiguration.Limits()
        limits.queuedCommands = 10
        let queue = Queue(limits, start: now)
        for id in 1...20_000 as ClosedRange<UInt64> {
            #expect(queue.enqueue(call(id)))
            queue.pipeline.cancel(id)
        }
        #expect(queue.pipeline.heldCalls < 2500)
        #expect(queue.pipeline.isIdle)
    }
}

/// A pipeline with a stopped clock, by reference: `#expect` does not accept mutating calls.
private final class Queue {
    var pipeline: Pipeline
    private let start: ContinuousClock.Instant

    init(_ limits: RedisConfiguration.Limits, start: ContinuousClock.Instant) {
        pipeline = Pipeline(limits: limits, server: "test")
        self.start = start
    }

    func enqueue(_ call: Call) -> Bool { pipeline.enqueue(call) }
    /// Forms a batch and returns its number of calls.
    func batch() -> Int { pipeline.formBatch(at: start, timeout: .seconds(10)).count }
    func answer(_ reply: RESPValue) -> Bool { pipeline.receive(reply) }
    func expire(after time: Duration) -> Bool { pipeline.expire(at: start + time, cause: nil) }
}
