import Retry
import Testing

@Suite("Jitter") struct JitterTests {
    @Test("is spread evenly over 0..<1") func even() {
        let jitter = Jitter()
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 {
            let number = jitter.next()
            guard (0..<1).contains(number) else {
                Issue.record("\(number) is outside")
                return
            }
            tenths[Int(number * 10)] += 1
        }
        // Ten standard deviations.
        #expect(tenths.allSatisfy { abs($0 - 10_000) < 950 }, "\(tenths)")
    }

    @Test("differs from one source to the next") func seeds() {
        #expect(Set((0..<100).map { _ in Jitter().next() }).count == 100)
    }
}
