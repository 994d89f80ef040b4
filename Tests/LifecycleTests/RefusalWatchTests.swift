import ExportCore
import Testing

@testable import Lifecycle

@Suite("A provider is held") struct RefusalWatchTests {
    private static func check(_ name: String) throws -> RefusalWatch.Subject {
        RefusalWatch.Subject(job: try #require(JobID(name)), kind: .check, file: nil)
    }

    private static func file(_ index: Int) throws -> RefusalWatch.Subject {
        RefusalWatch.Subject(job: try #require(JobID("a")), kind: .download(host: "h"), file: index)
    }

    @Test("after three refused requests in a row, not after fewer") func three() throws {
        let (a, b) = (try Self.check("a"), try Self.check("b"))
        var watch = RefusalWatch()
        let firstTwo = [watch.refused(a, lifts: 0), watch.refused(a, lifts: 0)]
        #expect(firstTwo == [.undecided, .undecided])
        watch.accepted(a)
        let afterAnswer = [watch.refused(a, lifts: 0), watch.refused(b, lifts: 0), watch.refused(a, lifts: 0)]
        #expect(afterAnswer == [.undecided, .undecided, .ofProvider])
    }

    @Test("not again for a job that is refused while others are accepted") func alone() throws {
        let (a, b) = (try Self.check("a"), try Self.check("b"))
        var watch = RefusalWatch()
        let first = (0..<3).map { _ in watch.refused(a, lifts: 0) }
        #expect(first.last == .ofProvider, "nothing else was known")
        // Another process found others accepted.
        let later = (0..<10).map { _ in watch.refused(a, lifts: 1) }
        #expect(later.allSatisfy { $0 == .ofSubject })
        let both = [watch.refused(b, lifts: 1), watch.refused(b, lifts: 1), watch.refused(b, lifts: 1)]
        #expect(both.last == .ofProvider, "another job's refusals count")
    }

    @Test("again for the only job, whose own request ended the last hold") func onlyJob() throws {
        let a = try Self.check("a")
        var watch = RefusalWatch()
        for lifts in 0..<3 {
            let refusals = (0..<3).map { _ in watch.refused(a, lifts: lifts) }
            #expect(refusals == [.undecided, .undecided, .ofProvider])
            watch.accepted(a)
        }
    }

    @Test("not for one file of a job whose other files are accepted") func oneFile() throws {
        let (bad, good) = (try Self.file(0), try Self.file(1))
        var watch = RefusalWatch()
        let first = watch.refused(bad, lifts: 0)
        #expect(first == .undecided)
        for _ in 0..<5 {
            watch.accepted(good)
            let again = watch.refused(bad, lifts: 0)
            #expect(again == .ofSubject)
        }
    }

    @Test("with a bounded memory of who was refused") func bounded() throws {
        var watch = RefusalWatch()
        for index in 0..<300 { _ = watch.refused(try Self.file(index), lifts: 0) }
        watch.accepted(try Self.file(500))
        let (first, last) = (watch.refused(try Self.file(0), lifts: 0), watch.refused(try Self.file(299), lifts: 0))
        #expect(first == .undecided, "forgotten")
        #expect(last == .ofSubject)
    }
}
