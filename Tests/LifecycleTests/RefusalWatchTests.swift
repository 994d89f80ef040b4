import ExportCore
import Testing

@testable import Lifecycle

@Suite("A provider is held") struct RefusalWatchTests {
    private let a = JobID("a"), b = JobID("b")

    @Test("after three refused requests in a row, not after fewer") func three() throws {
        let (a, b) = (try #require(a), try #require(b))
        var watch = RefusalWatch()
        let firstTwo = [watch.refused(a, lifts: 0), watch.refused(b, lifts: 0)]
        #expect(firstTwo == [false, false])
        watch.accepted(lifts: 0)
        let afterAnswer = [watch.refused(a, lifts: 0), watch.refused(b, lifts: 0), watch.refused(a, lifts: 0)]
        #expect(afterAnswer == [false, false, true])
    }

    @Test("not again for the job that alone was refused") func alone() throws {
        let (a, b) = (try #require(a), try #require(b))
        var watch = RefusalWatch()
        let first = (0..<3).map { _ in watch.refused(a, lifts: 0) }
        #expect(first.last == true, "nothing else was known")
        // Another process found others accepted.
        let later = (0..<10).map { _ in watch.refused(a, lifts: 1) }
        #expect(!later.contains(true))
        let both = [watch.refused(b, lifts: 1), watch.refused(b, lifts: 1), watch.refused(b, lifts: 1)]
        #expect(both.last == true, "another job's refusals count")
    }
}
