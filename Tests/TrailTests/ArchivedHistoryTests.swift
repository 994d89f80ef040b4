import ExportCore
import JobStore
import Testing

@testable import Trail

@Suite("The history of an ended job") struct ArchivedHistoryTests {
    private static let created: Int64 = 1_764_500_000_000

    private func job(_ status: JobStatus, error: JobError? = nil) throws -> Job {
        Job(
            request: JobRequest(
                id: try #require(JobID("a")), provider: "acme", parameters: #"{"a":[1,"x"]}"#, priority: .high, tenant: "t",
                correlationID: "c"),
            version: 9, state: JobState(status: status, attempts: 3, filesTotal: 2, filesDone: 1, filesFailed: 1),
            createdAt: Self.created, error: error)
    }

    private static let lines = """
        0 PENDING\torchestrator o-1
        5 > create
        120 POLLING<180n exp\torchestrator o-1
        270120 : 1764500180120<90p\u{1F}running 40%\u{1D}0270120<90p
        300000 ^ check
        360120 !<30b http-503\torchestrator o-2
        400000 READY
        400500 > file 0 attempt 1\tworker w-1
        401000 + file 0 stored, 12 bytes
        402000 * cancel\tann@desk
        403000 FAILED cancelled\torchestrator o-1

        """

    @Test("fills in what a line leaves out, over the borders of its pieces") func events() {
        let cut = Self.lines.split(separator: "\n", omittingEmptySubsequences: true).map { String($0) + "\n" }
        // Checks may come in front of what was before them.
        let all = TrailEvent.all([cut[3], cut[..<3].joined(), cut[4...].joined()], createdAt: Self.created)
        #expect(
            all.map(\.name) == [
                "status", "claim", "status", "check", "check", "lease-expired", "failure", "status", "claim", "file", "act", "status",
            ])
        #expect(all[4].entry.detail == "running 40%" && all[4].entry.reason == .progress && all[4].entry.nextIn == .seconds(90))
        #expect(all[1].entry.actor == "orchestrator o-1" && all[4].entry.actor == nil && all[9].entry.actor == "worker w-1")
        #expect(all[3].time == Self.created + 180_120 && all[4].time == Self.created + 270_120)
    }

    @Test("leaves out checks of another version instead of telling wrong times") func otherVersion() {
        let line = "270120 : 0<90p\u{1F}running\u{1D}90000<90p\u{1D}1764500270120<90p\u{1F}running 40%\n"
        let events = TrailEvent.all([line], createdAt: Self.created)
        #expect(events.map(\.time) == [Self.created + 270_120] && events.first?.entry.detail == "running 40%")
    }

    @Test("is read as it was written", arguments: [JobStatus.completed, .failed]) func coding(status: JobStatus) throws {
        let job = try job(status, error: status == .failed ? JobError(code: "http-403", message: "no \"entry\"") : nil)
        let told = TrailEvent.all([Self.lines], createdAt: Self.created)
        let bytes = ArchivedHistory.head(job, location: "s3://b/x/", isIncomplete: false) + told.flatMap { ArchivedHistory.line($0) }
        let read = try ArchivedHistory(bytes, "k")
        #expect(read.events == told)
        #expect(read.job.request == job.request && read.job.state.status == status && read.job.error == job.error)
        #expect(read.job.createdAt == Self.created && read.job.state.filesDone == 1 && read.job.state.attempts == 3)
        #expect(read.job.request.parameters == job.request.parameters)
    }

    @Test("says which object is none", arguments: ["", "{}", "[1]\n"]) func damaged(text: String) {
        #expect { try ArchivedHistory(Array(text.utf8), "the/key") } throws: { "\($0)".contains("the/key") }
    }
}
