import ExportCore
@testable import JobStore
import TestServers
import Testing

@Suite("A file", .needsServers) struct FileTests {
    private let failure = Failure(.transient, code: "http-503", message: "busy")

    @Test("is claimed by one worker at a time, and the claim counts the attempt") func claiming() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let claimed = try #require(try await test.claimFile(0, id))
            #expect((claimed.attempt, claimed.state) == (1, .leased(token: 1)))
            #expect(claimed.file.url == "https://x.example/x?sig=1")
            #expect(claimed.job.request.correlationID == "c-a")
            let guess = FileState.queued(token: 0, since: nil, copies: 0)
            let decision = try #require(TestStore.fileMachine().decide(.claimed(isTimerDue: false), in: guess))
            guard
                case .differs(.leased(token: 1), isTimerDue: false) = try await test.store.claimFile(
                    0, of: id, from: guess, decision: decision)
            else {
                Issue.record("claimed twice")
                return
            }
        }
    }

    @Test("whose lease was extended in the meantime is not taken from its worker") func extendedMeanwhile() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let claimed = try #require(try await test.claimFile(0, id, lease: .zero))
            let decision = try #require(TestStore.fileMachine().decide(.claimed(isTimerDue: true), in: claimed.state))
            #expect(try await test.store.extendFile(claimed, lease: TestStore.lease))
            guard
                case .differs(claimed.state, isTimerDue: false) = try await test.store.claimFile(
                    0, of: id, from: claimed.state, decision: decision)
            else {
                Issue.record("the lease was taken away")
                return
            }
        }
    }

    @Test("cannot be claimed when its job does not transfer files, or there is no such file") func closed() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let other = try await test.polling("b").id, guess = FileState.queued(token: 0, since: nil, copies: 0)
            let decision = try #require(TestStore.fileMachine().decide(.claimed(isTimerDue: false), in: guess))
            for (index, id) in [(1, id), (0, other), (0, try #require(JobID("nobody")))] {
                guard case .closed = try await test.store.claimFile(index, of: id, from: guess, decision: decision) else {
                    Issue.record("\(id)#\(index) was claimed")
                    return
                }
            }
        }
    }

    @Test("comes back by its timer when the worker dies, as a message with the job's priority") func lostWorker() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let dead = try #require(try await test.claimFile(0, id, lease: .milliseconds(20)))
            let due = try await eventually(within: .seconds(10), "the lease runs out") { try await test.requeueDueFiles().first }
            let expected = DueFile(
                id: id, index: 0, state: .leased(token: 1), priority: .normal, correlationID: "c-a", timer: due.timer, isJobOpen: true)
            #expect(due == expected)
            #expect(try await test.score("a#0") == nil, "its message is published instead")
            let alive = try #require(try await test.claimFile(0, id))
            #expect(alive.attempt == 2)
            #expect(try await !test.store.extendFile(dead, lease: TestStore.lease), "the dead worker's lease is lost")
            #expect(try await test.end(dead, .stored) == nil)
            #expect(try await test.end(dead, .failed(failure, attempt: 1, deferredFor: nil)) == nil)
            #expect(try await test.store.extendFile(alive, lease: TestStore.lease))
        }
    }

    @Test("fires again when whoever claimed its timer dies") func lostScheduler() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            _ = try await test.claimFile(0, id, lease: .zero)
            let first = try await test.claim(lease: .milliseconds(20)).files
            #expect(first.map(\.state) == [.leased(token: 1)])
            let second = try await eventually(within: .seconds(10), "the claim runs out") { try await test.claim().files.first }
            #expect(second.state == .leased(token: 1))
            #expect(try await test.score("a#0") == second.timer)
            #expect(try await second.timer > test.now() + 20_000)
            let late = try #require(first.first.flatMap(TestStore.requeue))
            #expect(try await test.store.requeueFiles([late]).isEmpty, "the first claim no longer holds")
        }
    }

    @Test("stays with a worker that sends heartbeats") func heartbeat() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let claimed = try #require(try await test.claimFile(0, id, lease: .milliseconds(200)))
            #expect(try await test.store.extendFile(claimed, lease: .seconds(30)))
            #expect(try #require(try await test.score("a#0")) > (try await test.now()) + 20_000)
        }
    }

    @Test("stays with a worker whose heartbeat came after its timer was claimed") func heartbeatAfterClaim() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let claimed = try #require(try await test.claimFile(0, id, lease: .zero))
            let late = try #require(try await test.claim().files.first.flatMap(TestStore.requeue))
            #expect(try await test.store.extendFile(claimed, lease: .seconds(60)))
            let extended = try #require(try await test.score("a#0"))
            #expect(try await test.store.requeueFiles([late]).isEmpty)
            #expect(try await test.store.fileStates(of: id, from: 0, many: 1).states == [0: claimed.state])
            #expect(try await test.score("a#0") == extended)
            #expect(try await test.end(claimed, .stored)?.isLast == true)
        }
    }

    @Test("keeps its state and loses its timer when the timer fires after the end of its job") func jobEnded() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            _ = try await test.claimFile(0, id, lease: .zero)
            let open = try #require(try await test.claim(lease: .milliseconds(1)).files.first)
            #expect(open.isJobOpen)
            try await test.decide(.cancelled, #require(try await test.store.job(id)).claimed)
            #expect(try await test.store.requeueFiles([#require(TestStore.requeue(open))]).isEmpty, "decided before the job ended")
            let ended = try await eventually(within: .seconds(10), "the timer fires again") { try await test.requeueDueFiles().first }
            #expect((ended.state, ended.isJobOpen) == (.leased(token: 1), false))
            #expect(try await test.store.fileStates(of: id, from: 0, many: 1).states == [0: .leased(token: 1)])
            #expect(try await test.score("a#0") == nil)
        }
    }

    @Test("that does not exist loses its timer with the claim") func withoutState() async throws {
        try await TestStore.run { test in
            _ = try await test.processing("a", files: ["x"])
            let members = ["a#7", "nobody#0"]
            for member in members { _ = try await test.redis.send(["ZADD", "{lh:00}:due", 0, .string(member)]) }
            let claimed = try await test.claim()
            #expect((claimed.lateness.count, claimed.files) == (2, []))
            for member in members { #expect(try await test.score(member) == nil) }
        }
    }

    @Test("whose state cannot be read hides no other file") func unreadable() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            for index in 0..<2 { _ = try await test.claimFile(index, id, lease: .zero) }
            _ = try await test.redis.send(["HSET", "{lh:00}:files:a", "0.state", "of a newer version"])
            #expect(try await test.claim().files.map(\.index) == [1])
            #expect(try await test.store.fileStates(of: id, from: 0, many: 2).states == [1: .leased(token: 1)])
            #expect(try #require(try await test.score("a#0")) > (try await test.now()) + 20_000, "its timer fires again")
        }
    }

    @Test("waits out its backoff") func backoff() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let first = try #require(try await test.claimFile(0, id))
            let backoff = FileDecision(state: .backoff(token: 1), timer: .after(.milliseconds(500)))
            #expect(try await test.store.applyFile(backoff, to: first, failure: failure) != nil)
            #expect(try await test.claimFile(0, id) == nil, "claimed before its time")
            _ = try await eventually(within: .seconds(10), "the backoff is over") { try await test.requeueDueFiles().first }
            #expect(try await test.claimFile(0, id)?.attempt == 2)
            #expect(try await test.store.history(of: id).contains { $0.what == "!" && $0.detail == "file 0 attempt 1 http-503" })
        }
    }

    @Test("that is handed back uses up no attempt, but its token") func handedBack() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let first = try #require(try await test.claimFile(0, id))
            for _ in 0..<2 { #expect(try await test.end(first, .handedBack) != nil) }
            let second = try #require(try await test.claimFile(0, id))
            #expect((second.attempt, second.state) == (1, .leased(token: 2)))
        }
    }

    @Test("whose message was lost is found by the watchdog, ever more rarely") func lostMessages() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y", "z"])
            _ = try await test.claimFile(1, id)
            #expect(try await test.publishMissing(id, many: 3, watchdog: .seconds(60)).isEmpty)
            let watchdog = Duration.milliseconds(30)
            var asked = try await test.now()
            let found = try await eventually(within: .seconds(10), "the watchdog's time is over") { () -> [Int]? in
                asked = try await test.now()
                let lost = try await test.publishMissing(id, many: 3, watchdog: watchdog)
                return lost.isEmpty ? nil : lost
            }
            #expect(found == [0, 2])
            _ = try await eventually(within: .seconds(10), "and again") { () -> [Int]? in
                let lost = try await test.publishMissing(id, many: 3, watchdog: watchdog)
                return lost.isEmpty ? nil : lost
            }
            #expect(try await test.now() - asked >= 60)
        }
    }

    @Test("is queued once by two watchdogs that read the same") func twoWatchdogs() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let state = try #require(try await test.store.fileStates(of: id, from: 0, many: 2).states[0])
            let decision = try #require(TestStore.fileMachine(watchdog: .zero).decide(.stillQueued(waited: .seconds(1)), in: state))
            let requeue = FileRequeue(id: id, index: 0, from: state, decision: decision)
            #expect(try await test.store.requeueFiles([requeue]).map(\.index) == [0])
            #expect(try await test.store.requeueFiles([requeue]).isEmpty)
            guard case .queued(token: 0, since: _, copies: 1) = try await test.store.fileStates(of: id, from: 0, many: 1).states[0] else {
                Issue.record("not queued once more")
                return
            }
        }
    }

    @Test("is queued together with those of other jobs, in partitions of any number and pages of any size") func manyFiles() async throws {
        try await TestStore.run(partitions: 2) { test in
            let names = (0..<510).map { "\($0)" }
            var changes: [FileRequeue] = [], partitions: Set<Int> = []
            for name in ["a", "b", "c", "d"] {
                let id = try await test.processing(name, files: names)
                partitions.insert(id.partition(of: 2))
                for (index, state) in try await test.store.fileStates(of: id, from: 0, many: names.count).states {
                    let event: FileEvent = state.kind == .listed ? .published : .stillQueued(waited: .zero)
                    let decision = try #require(TestStore.fileMachine(watchdog: .zero).decide(event, in: state))
                    changes.append(FileRequeue(id: id, index: index, from: state, decision: decision))
                }
            }
            #expect(partitions == [0, 1])
            // A claim of a file: its decision is late, those of the others are not.
            let late = changes[700]
            _ = try #require(try await test.claimFile(late.index, late.id))
            func members(_ changes: some Sequence<FileRequeue>) -> Set<String> { Set(changes.map { "\($0.id)#\($0.index)" }) }
            let stored = try await test.store.requeueFiles(changes)
            #expect(stored.count == changes.count - 1)
            #expect(members(stored) == members(changes).subtracting(members([late])))
            #expect(try await test.store.requeueFiles(changes).isEmpty)
        }
    }
}
