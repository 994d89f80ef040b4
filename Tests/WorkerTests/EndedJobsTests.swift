import ExportCore
import JobMessages
import Lifecycle
import TestServers
import Testing

@testable import Worker

@Suite("The memory of jobs that have ended") struct EndedJobsTests {
    private static let now = ContinuousClock.now

    private func message(_ name: String, _ token: Int?, file: Int = 3) throws -> DownloadMessage {
        DownloadMessage(id: try #require(JobID(name)), task: .file(file, token: token), correlationID: "c")
    }

    @Test("covers messages that are no newer than one that came too late") func tokens() throws {
        var ended = EndedJobs()
        #expect(try !ended.cover(message("a", 0), at: Self.now))
        ended.insert(try message("a", 1), at: Self.now)
        #expect(try [0, 1, 2].map { ended.cover(try message("a", $0), at: Self.now) } == [true, true, false])
        #expect(try !ended.cover(message("b", 0), at: Self.now))
        ended.insert(try message("a", nil), at: Self.now)
        #expect(try ended.cover(message("a", 1), at: Self.now))
    }

    @Test("covers no message without a token, and no manifest") func others() throws {
        var ended = EndedJobs()
        ended.insert(try message("a", 1), at: Self.now)
        #expect(try !ended.cover(message("a", nil), at: Self.now))
        let manifest = DownloadMessage(id: try #require(JobID("a")), task: .manifest, correlationID: "c")
        #expect(!ended.cover(manifest, at: Self.now))
        ended.insert(DownloadMessage(id: try #require(JobID("b")), task: .manifest, correlationID: "c"), at: Self.now)
        #expect(try !ended.cover(message("b", 0), at: Self.now))
    }

    @Test("lasts some seconds, and holds a bounded number of jobs") func bounds() throws {
        var ended = EndedJobs()
        ended.insert(try message("a", 1), at: Self.now)
        #expect(try !ended.cover(message("a", 0), at: Self.now + EndedJobs.memory))
        for number in 0..<EndedJobs.limit * 2 { ended.insert(try message("job-\(number)", 0), at: Self.now + .milliseconds(number)) }
        #expect(ended.count == EndedJobs.limit)
        #expect(try ended.cover(message("job-\(EndedJobs.limit * 2 - 1)", 0), at: Self.now))
    }
}

@Suite("A worker that gets messages of an ended job", .needsServers, .serialized, .timeLimit(.minutes(2)))
struct EndedJobMessagesTests {
    /// A failed job with files that are not stored.
    private func failed(_ fixture: WorkerFixture) async throws -> JobID {
        let (id, _) = try await fixture.processing("job-1", order: #"{"files":10,"bytesPerFile":100,"compression":"none"}"#)
        let file = try await fixture.claim(0, of: id), failure = Failure(.permanent, code: "http-400", message: "no")
        _ = await fixture.files.carryOut(.failed(failure, attempt: 1), on: file, machine: FileMachine(), while: { false })
        try await fixture.publishDue()
        #expect(try await fixture.job(id).state.status == .failed)
        return id
    }

    /// How often a job's record was read: by each claim, and by who stores the history of the job.
    private func reads(_ fixture: WorkerFixture) async throws -> Int {
        let statistics = try await fixture.redis.send(["INFO", "commandstats"]).text.unwrapped("statistics")
        return statistics.matches(of: #/cmdstat_hgetall:calls=(\d+)/#).reduce(0) { $0 + (Int($1.output.1) ?? 0) }
    }

    @Test("asks the store about the first of them, and discards the others") func cheap() async throws {
        try await WorkerFixture.run { fixture in
            let id = try await failed(fixture)
            let messages = (0..<1000).map { DownloadMessage(id: id, task: .file($0, token: 0), correlationID: "c").outgoing(.normal) }
            try await fixture.publish(messages)
            let before = try await reads(fixture)
            try await fixture.withWorker { _ in
                try await fixture.waitUntilEmpty(QueueNames.downloads(.normal))
            }
            // Those that it claims together, before the first answer.
            #expect(try await reads(fixture) - before <= WorkerFixture.configuration.transfers + 4)
        }
    }

    @Test("takes those of the job again at once that come after a retry") func retried() async throws {
        try await WorkerFixture.run { fixture in
            let id = try await failed(fixture)
            try await fixture.withWorker { _ in
                try await fixture.publish(
                    (0..<100).map { DownloadMessage(id: id, task: .file($0 % 10, token: 0), correlationID: "c").outgoing(.normal) })
                try await fixture.waitUntilEmpty(QueueNames.downloads(.normal))
                #expect(try await fixture.jobs.retry(id) == .retried(.processing))
                let request = try await fixture.job(id).request
                let missing = try await fixture.files.publishMissing(of: request, from: 0, page: 10, machine: FileMachine(), atOnce: 10)
                #expect(missing.listed == 0)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
        }
    }
}
