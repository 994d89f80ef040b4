import EventThread
import Testing

@Suite("A work limiter")
struct WorkLimiterTests {
    private let thread = EventThread(name: "limiter-test")

    @Test("has room for what its limit leaves")
    func room() async {
        let limiter = WorkLimiter(3, on: thread)
        #expect(await limiter.room() == 3)
        await limiter.enter(2)
        #expect(await limiter.room() == 1)
        await limiter.leave()
        #expect(await limiter.room() == 2)
        #expect(await limiter.count == 1)
    }

    @Test("lets the taker wait until something leaves, also when more entered than the limit")
    func waiting() async {
        let limiter = WorkLimiter(2, on: thread)
        await limiter.enter(4)
        let room = Task { await limiter.room() }
        for _ in 0..<3 { await limiter.leave() }
        #expect(await room.value == 1)
    }

    @Test("has no room after it is closed, and what is in progress continues")
    func closing() async {
        let limiter = WorkLimiter(1, on: thread)
        await limiter.enter()
        let room = Task { await limiter.room() }
        await limiter.close()
        #expect(await room.value == 0)
        let left = Task { await limiter.drain() }
        await limiter.leave()
        #expect(await left.value == 0)
    }

    @Test("drains until a deadline, and tells how much is left")
    func deadline() async {
        let limiter = WorkLimiter(2, on: thread)
        await limiter.enter(2)
        #expect(await limiter.drain(until: .now) == 2)
        #expect(await limiter.drain(until: .now + .milliseconds(20)) == 2)
        await limiter.leave(2)
        #expect(await limiter.drain(until: .now + .seconds(3600)) == 0)
    }

    @Test("ends every wait when it is abandoned")
    func abandoning() async {
        let limiter = WorkLimiter(1, on: thread)
        await limiter.enter()
        let (room, left) = (Task { await limiter.room() }, Task { await limiter.drain() })
        await limiter.abandon()
        #expect(await room.value == 0)
        #expect(await left.value == 1)
    }
}
