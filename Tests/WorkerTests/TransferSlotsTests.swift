import EventThread
import Metrics
import Testing

@testable import Worker

@Suite("Transfer slots") struct TransferSlotsTests {
    private let thread = EventThread(name: "slots-test")

    private func slots(_ limit: Int) -> TransferSlots { TransferSlots(limit, active: Gauge(label: "test"), on: thread) }

    @Test("are free again during the final writes, for as many as there are slots") func endings() async throws {
        let slots = slots(2)
        let (gate, gates) = AsyncStream<Void>.makeStream()
        let waiting = Task { for await _ in gate {} }
        for taken in 1...2 {
            await slots.start { { await waiting.value } }
            // Both release their slots, or this would wait forever.
            while await slots.room() < 2 { await Task.yield() }
            #expect(await slots.drain(within: .zero) == taken)
        }
        // There is no room for the final writes of a third: it keeps its slot.
        await slots.start { { await waiting.value } }
        #expect(await slots.room() == 1)
        #expect(await slots.drain(within: .zero) == 3)
        gates.finish()
        #expect(await slots.drain(within: .seconds(10)) == 0)
        #expect(await slots.room() == 2)
    }
}
