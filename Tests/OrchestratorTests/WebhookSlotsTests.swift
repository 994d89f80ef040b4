import Testing

@testable import Orchestrator

@Suite("The places of webhook attempts") struct WebhookSlotsTests {
    private let now = ContinuousClock.now

    @Test("a slow receiver uses up its own, and leaves the others'") func perReceiver() {
        var slots = WebhookSlots(limit: 10, limitPerReceiver: 2)
        #expect(slots.enter("https://slow", now: now) == nil && slots.enter("https://slow", now: now) == nil)
        #expect(slots.enter("https://slow", now: now) != nil)
        #expect(slots.enter("https://other", now: now) == nil && slots.inProgress == 3)
        slots.leave("https://slow", took: .seconds(15))
        #expect(slots.enter("https://slow", now: now) == nil)
    }

    @Test("are bounded for all receivers together") func inAll() {
        var slots = WebhookSlots(limit: 3, limitPerReceiver: 2)
        for name in ["a", "b", "c"] { #expect(slots.enter(name, now: now) == nil) }
        #expect(slots.enter("d", now: now) != nil && slots.inProgress == 3)
        slots.leave("a", took: .seconds(1))
        #expect(slots.enter("d", now: now) == nil)
    }

    @Test("that are taken send each later message away for longer, as long as the receiver needs for those before it, at most 5 minutes")
    func spread() {
        var slots = WebhookSlots(limit: 100, limitPerReceiver: 2)
        for _ in 0..<2 { _ = slots.enter("a", now: now) }
        for _ in 0..<50 {
            slots.leave("a", took: .seconds(10))
            _ = slots.enter("a", now: now)
        }
        // Attempts take 10 s, two at a time: 5 s each.
        let waits = (0..<100).compactMap { _ in slots.enter("a", now: now).map { $0 / .seconds(1) } }
        #expect(waits.count == 100 && waits == waits.sorted())
        #expect(zip(waits.prefix(3), [5, 10, 15]).allSatisfy { abs($0 - $1) < 0.1 }, "\(waits.prefix(3))")
        #expect(waits.last == 300)
    }

    @Test("are forgotten with the last attempt") func forgotten() {
        var slots = WebhookSlots(limit: 1, limitPerReceiver: 1)
        #expect(slots.enter("a", now: now) == nil)
        slots.leave("a", took: .seconds(1))
        #expect(slots.inProgress == 0 && slots.enter("b", now: now) == nil)
    }
}
