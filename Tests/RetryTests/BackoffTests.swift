import Retry
import Testing

@Suite("A backoff")
struct BackoffTests {
    private let backoff = Backoff(base: .milliseconds(100), cap: .seconds(10))

    @Test("has a ceiling that doubles until the cap")
    func ceilings() {
        #expect(backoff.ceiling(attempt: 0) == .milliseconds(100))
        #expect(backoff.ceiling(attempt: 3) == .milliseconds(800))
        #expect(backoff.ceiling(attempt: 1000) == .seconds(10))
        #expect(backoff.ceiling(attempt: .max) == .seconds(10))
        #expect(backoff.ceiling(attempt: -1) == .milliseconds(100))
    }

    @Test("has delays from zero to the ceiling, in proportion to the random number", arguments: 0..<40)
    func delays(attempt: Int) {
        let ceiling = backoff.ceiling(attempt: attempt)
        #expect(backoff.delay(attempt: attempt, random: 0) == .zero)
        #expect(backoff.delay(attempt: attempt, random: 0.5) == ceiling / 2)
        #expect(backoff.delay(attempt: attempt, random: 1) == ceiling)
        #expect((.zero...ceiling).contains(backoff.delay(attempt: attempt)))
    }

    @Test("draws its delays from the whole range")
    func jitter() {
        let delays = (0..<1000).map { _ in backoff.delay(attempt: 3) }
        #expect(delays.contains { $0 < .milliseconds(200) })
        #expect(delays.contains { $0 > .milliseconds(600) })
    }

    @Test("of a loop counts the failures in a row")
    func loops() {
        var loop = LoopBackoff(Backoff(base: .milliseconds(50), cap: .seconds(5)))
        let delays = (0..<40).map { _ in loop.next(random: 1) }
        #expect(delays.prefix(3) == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
        #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(delays.last == .seconds(5))
        loop.reset()
        #expect(loop.next(random: 1) == .milliseconds(50))
    }
}
