import Testing

@testable import Worker

@Suite("Turns of the intake")
struct IntakeTurnsTests {
    @Test("of ten turns six go to high, three to normal and one to low, when all have enough")
    func shares() {
        var turns = IntakeTurns()
        #expect(turns.share(10, ready: [.high: 99, .normal: 99, .low: 99]) == [.high: 6, .normal: 3, .low: 1])
    }

    @Test("low gets its turn even when slots become free one at a time and high never empties")
    func nobodyStarves() {
        var turns = IntakeTurns()
        var low = 0
        for _ in 0..<100 { low += turns.share(1, ready: [.high: 5, .normal: 5, .low: 5])[.low, default: 0] }
        #expect(low == 10)
    }

    @Test("the turn of an empty queue goes to the most urgent queue that is not empty")
    func emptyQueues() {
        var turns = IntakeTurns()
        #expect(turns.share(4, ready: [.low: 9]) == [.low: 4])
        #expect(turns.share(5, ready: [.normal: 2, .low: 9]) == [.normal: 2, .low: 3])
    }

    @Test("never takes more than there is, nor more than there is room for")
    func bounds() {
        var turns = IntakeTurns()
        #expect(turns.share(16, ready: [.high: 1, .normal: 0, .low: 1]) == [.high: 1, .low: 1])
        #expect(turns.share(0, ready: [.high: 1]).isEmpty)
        #expect(turns.share(3, ready: [:]).isEmpty)
    }
}
