import EventThread
import Testing

@testable import Orchestrator

@Suite("What an orchestrator remembers of due timers") struct DueClockTests {
    private static func run(own: [Int], _ body: (DueClock) async throws -> Void) async rethrows {
        let thread = EventThread(name: "due-clock-test")
        let clock = DueClock(on: thread)
        await clock.lookAfter(own)
        try await body(clock)
        thread.stop()
    }

    @Test("tells which of its partitions are due") func due() async {
        await Self.run(own: [0, 1, 2]) { clock in
            await clock.learn(0, .zero)
            await clock.learn(1, .seconds(60))
            await clock.learn(2, nil)
            #expect(await clock.due() == [0])
        }
    }

    @Test("keeps an earlier timer that was set while the store was asked") func meanwhile() async {
        await Self.run(own: [0]) { clock in
            await clock.forget([0])
            await clock.timerSet(on: 0, after: .zero)
            await clock.learn(0, .seconds(60))
            #expect(await clock.due() == [0])
        }
    }

    @Test("forgets what the store no longer says") func forgotten() async {
        await Self.run(own: [0]) { clock in
            await clock.learn(0, .zero)
            await clock.forget([0])
            await clock.learn(0, .seconds(60))
            #expect(await clock.due() == [])
        }
    }

    @Test("leaves the partitions of other orchestrators to them, unless a timer is overdue: the owner may be gone") func others() async {
        await Self.run(own: [0]) { clock in
            await clock.timerSet(on: 1, after: .zero)
            await clock.learn(2, .nanoseconds(1))
            await clock.learn(3, .zero)
            #expect(await clock.due() == [3])
            await clock.lookAfter([1])
            #expect(await clock.due() == [])
        }
    }

    @Test("wakes for a timer that is set while it sleeps") func wakes() async {
        await Self.run(own: [0]) { clock in
            async let asleep: Void = clock.sleep(until: .now + .seconds(60))
            // Whether it sleeps already or not: a timer that is due keeps it from sleeping, too.
            await clock.timerSet(on: 0, after: .zero)
            await asleep
            #expect(await clock.due() == [0])
        }
    }
}
