@testable import HTTPClient
import Testing

@Suite("Connection slots")
struct ConnectionSlotsTests {
    @Test("a host gets no more than its connections, in request order")
    func perHost() {
        let slots = ConnectionSlots(maxPerHost: 2, maxTotal: 10)
        #expect(slots.acquire(1, host: "a") && slots.acquire(2, host: "a"))
        #expect(!slots.acquire(3, host: "a") && !slots.acquire(4, host: "a") && !slots.acquire(5, host: "a"))
        #expect(slots.acquire(6, host: "b"))
        #expect(slots.waiting == 3)
        #expect(slots.release(host: "a") { $0 != 3 } == [4])
        #expect(slots.release(host: "a") { _ in true } == [5])
        #expect(slots.active == 3 && slots.waiting == 0)
    }

    @Test("hosts take turns for the total number of connections")
    func turns() {
        let slots = ConnectionSlots(maxPerHost: 4, maxTotal: 2)
        #expect(slots.acquire(1, host: "a") && slots.acquire(2, host: "a"))
        for (id, host) in [(3, "a"), (4, "a"), (5, "b"), (6, "b"), (7, "c")] as [(UInt64, String)] {
            #expect(!slots.acquire(id, host: host))
        }
        var order: [UInt64] = []
        var held = ["a", "a"]
        let hosts: [UInt64: String] = [3: "a", 4: "a", 5: "b", 6: "b", 7: "c"]
        while !held.isEmpty {
            let next = slots.release(host: held.removeFirst()) { _ in true }
            order += next
            held += next.compactMap { hosts[$0] }
        }
        #expect(order == [3, 5, 7, 4, 6])
        #expect(slots.active == 0 && slots.waiting == 0)
    }
}
