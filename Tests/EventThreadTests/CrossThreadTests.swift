import Dispatch
import EventThread
import Synchronization
import Testing

@Suite("Work for another event thread") struct CrossThreadTests {
    @Test("arrives on that thread in the order of the calls") func order() async {
        let (sender, receiver) = (EventThread(name: "sender"), EventThread(name: "receiver"))
        defer { for thread in [sender, receiver] { thread.stop() } }
        let received = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            sender.perform {
                for number in 0..<100 {
                    receiver.perform(from: sender) {
                        #expect(receiver.isCurrent)
                        received.withLock { $0.append(number) }
                        if number == 99 { continuation.resume() }
                    }
                }
            }
        }
        #expect(received.withLock { $0 } == Array(0..<100))
    }

    @Test("waits for the end of the sender's turn and arrives in one turn") func onePiece() async {
        let (sender, receiver) = (EventThread(name: "sender"), EventThread(name: "receiver"))
        defer { for thread in [sender, receiver] { thread.stop() } }
        let isSending = Mutex(true)
        let turnEnds = Mutex(0)
        let seen = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            sender.perform {
                for number in 0..<10 {
                    receiver.perform(from: sender) {
                        #expect(!isSending.withLock { $0 })
                        if number == 0 { receiver.atTurnEnd { turnEnds.withLock { $0 += 1 } } }
                        let ends = turnEnds.withLock { $0 }
                        seen.withLock { $0.append(ends) }
                        if number == 9 { continuation.resume() }
                    }
                }
                // Everything that has reached the receiver by now runs before this turn continues.
                let isDone = DispatchSemaphore(value: 0)
                receiver.perform { isDone.signal() }
                isDone.wait()
                isSending.withLock { $0 = false }
            }
        }
        #expect(seen.withLock { $0 } == Array(repeating: 0, count: 10))
    }

    @Test("runs even if a turn-end hook hands it over and both threads are told to stop") func lateAndStopped() async {
        let (sender, receiver) = (EventThread(name: "sender"), EventThread(name: "receiver"))
        await withCheckedContinuation { continuation in
            sender.perform {
                sender.atTurnEnd { receiver.perform(from: sender) { continuation.resume() } }
                for thread in [sender, receiver] { thread.stop() }
            }
        }
    }

    @Test("can go back and forth between two threads without limit") func backAndForth() async {
        let (left, right) = (EventThread(name: "left"), EventThread(name: "right"))
        defer { for thread in [left, right] { thread.stop() } }
        await withCheckedContinuation { continuation in
            left.perform { Self.serve(1000, from: left, to: right) { continuation.resume() } }
        }
    }

    private static func serve(_ left: Int, from: EventThread, to: EventThread, then: @escaping @Sendable () -> Void) {
        guard left > 0 else { return then() }
        to.perform(from: from) { serve(left - 1, from: to, to: from, then: then) }
    }

    @Test("runs at once if both threads are the same") func sameThread() async {
        let thread = EventThread(name: "one")
        defer { thread.stop() }
        let isDone = await withCheckedContinuation { continuation in
            thread.perform {
                let done = Mutex(false)
                thread.perform(from: thread) { done.withLock { $0 = true } }
                continuation.resume(returning: done.withLock { $0 })
            }
        }
        #expect(isDone)
    }
}
