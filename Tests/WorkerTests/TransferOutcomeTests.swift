import ExportCore
import Testing

@testable import Worker

@Suite("The outcome of a transfer")
struct TransferOutcomeTests {
    private let failure = Failure(.corrupt, code: "checksum-mismatch", message: "")

    @Test("is an event for the file machine")
    func events() {
        #expect(TransferOutcome.stored([]).event(attempt: 2) == .stored)
        #expect(TransferOutcome.failed(failure).event(attempt: 2) == .failed(failure, attempt: 2, deferredFor: nil))
        #expect(TransferOutcome.aborted.event(attempt: 2) == .handedBack)
    }

    @Test("is no event when the lease is lost: the file may be another worker's")
    func leaseLost() { #expect(TransferOutcome.leaseLost.event(attempt: 2) == nil) }
}

@Suite("The storage as its users found it")
struct StorageWatchTests {
    private let watch = StorageWatch()

    private func failed(_ code: String, countsAsAttempt: Bool) -> TransferOutcome {
        var failure = Failure(.transient, code: code, message: "no route")
        failure.countsAsAttempt = countsAsAttempt
        return .failed(failure)
    }

    @Test("is down after a transfer failed because of it, until one succeeds")
    func outage() {
        watch.noticed(failed("storage-connection", countsAsAttempt: false))
        #expect(watch.outage == "no route")
        watch.noticed(.aborted)
        #expect(watch.outage != nil)
        watch.noticed(.stored([]))
        #expect(watch.outage == nil)
    }

    @Test("is not down because a transfer failed by its own fault")
    func otherFailures() {
        watch.noticed(failed("http-500", countsAsAttempt: false))
        watch.noticed(failed("storage-too-large", countsAsAttempt: true))
        #expect(watch.outage == nil)
    }
}
