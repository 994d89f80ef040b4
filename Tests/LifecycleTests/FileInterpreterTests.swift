import ExportCore
import JobMessages
import JobStore
import Lifecycle
import Testing
import TestServers

@Suite("The interpreter of a file's actions", .needsServers) struct FileInterpreterTests {
    private static let permanent = Failure(.permanent, code: "http-400", message: "bad request")

    /// A job in PROCESSING with one file, and its worker.
    private static func claimed(_ fixture: LifecycleFixture, _ machine: FileMachine = FileMachine()) async throws -> ClaimedFile {
        let polling = try await fixture.stored(.created(PollHints()), fixture.started("a"))
        let ready = try await fixture.stored(.ready, polling)
        let file = FileTask(name: "a.csv", url: "https://x.example/a.csv", listedName: "a.csv")
        _ = try await fixture.jobs.carryOut(page: [file], next: nil, of: ready, by: LifecycleFixture.machine)
        guard case .claimed(let claimed) = try await fixture.files.claim(0, of: ready.id, token: nil, machine: machine) else {
            throw TestServersError("the file is not claimed")
        }
        return claimed
    }

    @Test("gives one worker the file, and every other the reason why not") func claim() async throws {
        try await LifecycleFixture.run { fixture in
            let file = try await Self.claimed(fixture)
            #expect((file.attempt, file.state) == (1, .leased(token: 1)))
            for token in [nil, 0, 1, 7] {
                guard case .nothing(let reason) = try await fixture.files.claim(0, of: file.job.id, token: token, machine: FileMachine())
                else {
                    Issue.record("claimed twice")
                    continue
                }
                #expect(reason == "leased")
            }
        }
    }

    @Test("publishes a dead letter for a file that is given up, and none for one that is tried again") func letters() async throws {
        try await LifecycleFixture.run { fixture in
            let file = try await Self.claimed(fixture)
            let end = await fixture.files.carryOut(.failed(Self.permanent, attempt: 1), on: file, machine: FileMachine()) { false }
            guard case .givenUp = end else {
                Issue.record("\(end)")
                return
            }
            #expect(try await fixture.depth(QueueNames.deadDownloads) == 1)
        }
        try await LifecycleFixture.run { fixture in
            let file = try await Self.claimed(fixture)
            let transient = Failure(.transient, code: "http-503", message: "busy")
            let end = await fixture.files.carryOut(.failed(transient, attempt: 1), on: file, machine: FileMachine()) { false }
            guard case .retried = end else {
                Issue.record("\(end)")
                return
            }
            #expect(try await fixture.depth(QueueNames.deadDownloads) == 0)
        }
    }

    @Test("leaves a file to a worker whose heartbeat came after its timer was claimed") func heartbeat() async throws {
        try await LifecycleFixture.run { fixture in
            let file = try await Self.claimed(fixture, FileMachine(rules: .init(lease: .zero)))
            let due = try await fixture.store.claim(partition: 0, lease: .seconds(30), watchdog: .seconds(60)).files
            #expect(due.count == 1)
            #expect(try await fixture.store.extendFile(file, lease: .seconds(60)))
            try await fixture.files.timersFired(due)
            #expect(try await fixture.store.extendFile(file, lease: .seconds(60)), "the lease was granted and still holds")
        }
    }

    @Test("queues a file again whose timer fired, and publishes its message, once") func timers() async throws {
        try await LifecycleFixture.run { fixture in
            let machine = FileMachine(rules: .init(lease: .zero))
            let file = try await Self.claimed(fixture, machine)
            let before = try await fixture.depth(QueueNames.downloads(.normal))
            let due = try await fixture.store.claim(partition: 0, lease: .seconds(30), watchdog: .seconds(60)).files
            #expect(due.map(\.state) == [.leased(token: 1)])
            for _ in 0..<2 { try await fixture.files.timersFired(due) }
            #expect(try await fixture.depth(QueueNames.downloads(.normal)) == before + 1)
            // Whoever had the file has lost it.
            let end = await fixture.files.carryOut(.failed(Self.permanent, attempt: 1), on: file, machine: machine) { false }
            guard case .leaseLost = end else {
                Issue.record("\(end)")
                return
            }
        }
    }

    /// A job in PROCESSING with so many files, of which the first sixteen have their messages.
    private static func listed(_ name: String, _ count: Int, _ fixture: LifecycleFixture) async throws -> ClaimedJob {
        let ready = try await fixture.stored(.ready, fixture.stored(.created(PollHints()), fixture.started(name)))
        let files = (0..<count).map { FileTask(name: "\($0).csv", url: "https://x.example/\($0).csv", listedName: "\($0).csv") }
        let job = try await fixture.jobs.carryOut(page: files, next: nil, of: ready, by: LifecycleFixture.machine)
        return try #require(job)
    }

    @Test("publishes a batch of files in each turn of a job, which leaves the line after its last file") func turns() async throws {
        try await LifecycleFixture.run { fixture in
            let large = try await Self.listed("large", 80, fixture), middle = try await Self.listed("middle", 20, fixture)
            #expect(fixture.effects.all.filter { $0 == "lineUp" }.count == 2)
            #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 32)
            for job in [large, middle] { try await fixture.store.lineUp(job.request) }

            let outcome = await fixture.files.take(try await fixture.store.nextTurns([.normal: 3]))
            #expect((outcome.queued, outcome.error == nil) == ([.normal: 16 + 4 + 16], true))
            #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 32 + 36)
            #expect(try await fixture.store.nextTurns([.normal: 2]).map(\.id) == [large.id, large.id], "the other job has left")
        }
    }

    @Test("publishes few listed files of a job that has no place in the line, and leaves the others listed") func missing() async throws {
        try await LifecycleFixture.run { fixture in
            let job = try await Self.listed("a", 40, fixture)
            let missing = try await fixture.files.publishMissing(of: job.request, from: 0, page: 100, machine: FileMachine(), atOnce: 16)
            #expect((missing.lost, missing.listed) == (0, 8))
            #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 32)
        }
    }
}
