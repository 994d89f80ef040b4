import Testing

@testable import ExportCore

@Suite("A record that is read after a wake") struct WokenJobTests {
    private let record = Job(
        request: JobRequest(id: JobID(valid: "a"), provider: "acme"), version: 3, state: JobState(status: .ready, claims: 2))

    private func wake(version: Int64, _ status: JobStatus) -> ClaimedJob {
        ClaimedJob(request: record.request, version: version, state: JobState(status: status, waited: .seconds(9)))
    }

    @Test("is the caller's if it has the version and the status of the wake, which adds the time waited") func claimed() throws {
        let claimed = try #require(record.claimed(by: wake(version: 3, .ready)))
        #expect(claimed.state.claims == 2)
        #expect(claimed.state.waited == .seconds(9))
    }

    @Test(
        "is not the caller's if the wake is stale, or forged with a version that was guessed",
        arguments: [
            (2, JobStatus.ready), (4, .ready), (3, .pending), (3, .polling), (3, .processing), (3, .failed),
        ] as [(Int64, JobStatus)])
    func notClaimed(version: Int64, status: JobStatus) {
        #expect(record.claimed(by: wake(version: version, status)) == nil)
    }
}
