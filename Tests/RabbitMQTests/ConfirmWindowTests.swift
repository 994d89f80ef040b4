import Testing

@testable import RabbitMQ

@Suite("The window of unconfirmed publishes")
struct ConfirmWindowTests {
    private func window(_ count: Int) -> ConfirmWindow<Int> {
        var window = ConfirmWindow<Int>()
        for number in 1...count { window.append(number, weight: 10) }
        return window
    }

    private func settle(
        _ window: inout ConfirmWindow<Int>, _ tag: UInt64, multiple: Bool = false, as outcome: PublishOutcome = .confirmed
    ) -> [Int] {
        var settled: [Int] = []
        window.settle(tag, multiple: multiple, as: outcome) { element, _ in settled.append(element) }
        return settled
    }

    @Test("a single confirm settles one message, in any order")
    func single() {
        var window = window(3)
        #expect(settle(&window, 2) == [2])
        #expect(settle(&window, 1) == [1])
        #expect(window.count == 1)
        #expect(window.weight == 10)
        #expect(window.span == 1)
        #expect(settle(&window, 3) == [3])
        #expect(window.isEmpty)
        #expect(window.span == 0)
    }

    @Test("a multiple confirm settles all messages up to its number, except those already settled")
    func multiple() {
        var window = window(6)
        _ = settle(&window, 2)
        #expect(settle(&window, 4, multiple: true) == [1, 3, 4])
        #expect(settle(&window, 0, multiple: true) == [5, 6])
        window.append(7, weight: 10)
        #expect(settle(&window, 7) == [7])
    }

    @Test("a number that is not outstanding settles nothing")
    func unknown() {
        var window = window(2)
        #expect(settle(&window, 1) == [1])
        #expect(settle(&window, 1) == [])
        #expect(settle(&window, 1, multiple: true) == [])
        #expect(settle(&window, 3) == [])
        #expect(settle(&window, .max, multiple: true) == [])
        #expect(settle(&window, 0) == [])
        #expect(window.count == 1)
    }

    @Test("a return belongs to the first equal message that has not been returned, and settles it at its confirm")
    func returned() {
        var window = window(4)
        let returned = PublishOutcome.returned(code: 312, text: "NO_ROUTE")
        for _ in 0..<2 { window.markReturned(as: returned) { $0.isMultiple(of: 2) } }
        window.markReturned(as: returned) { $0 == 9 }
        var outcomes: [PublishOutcome] = []
        window.settle(4, multiple: true, as: .confirmed) { _, outcome in outcomes.append(outcome) }
        #expect(outcomes == [.confirmed, returned, .confirmed, returned])
    }

    @Test("unconfirmed messages come out in order, and numbering starts again")
    func removal() {
        var window = window(4)
        _ = settle(&window, 2)
        #expect(window.removeAll() == [1, 3, 4])
        #expect(window.weight == 0)
        window.append(8, weight: 10)
        #expect(settle(&window, 1) == [8])
    }

    @Test("any mix of confirms settles each message exactly once")
    func anyMixture() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var window = window(50)
            var settled: [Int] = []
            while !window.isEmpty {
                let tag = UInt64.random(in: 0...52, using: &generator)
                settled += settle(&window, tag, multiple: Bool.random(using: &generator))
            }
            #expect(settled.sorted() == Array(1...50))
        }
    }
}
