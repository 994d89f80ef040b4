import ExportCore
import JobMessages
import JobStore
import TestServers
import Testing

@testable import Orchestrator

extension OrchestratorSuites {
    @Suite("publishes files in turns") struct DownloadTurnsTests {
        private static let queue = QueueNames.downloads(.normal)
        private static let large = OrchestratorFixture.configuration(maxFiles: 5000)
        /// For jobs that must not wait long for their watchdog.
        private static let impatient = OrchestratorFixture.configuration(
            lease: .seconds(1), watchdog: .seconds(1), maxFiles: 5000)

        /// Where the messages of a job stand.
        private func places(of id: JobID, in messages: [DownloadMessage]) -> [Int] { messages.indices.filter { messages[$0].id == id } }

        /// The queue has as many messages as a window allows.
        private func fill(_ fixture: OrchestratorFixture) async throws {
            try await eventually(within: OrchestratorFixture.deadline, "the queue is full") {
                try await fixture.depth(Self.queue) > DownloadWindow.least - DownloadTurns.batch
            }
        }

        /// Receives messages until there was one of each of the files of a job.
        private func receiveAll(_ count: Int, of id: JobID, _ fixture: OrchestratorFixture) async throws {
            var files: Set<Int> = []
            try await eventually(within: OrchestratorFixture.deadline, "all \(count) files are published") {
                let waiting = try await fixture.depth(Self.queue)
                for message in try await fixture.downloads(waiting) {
                    if message.id == id, case .file(let index, _) = message.task { files.insert(index) }
                }
                return files.count == count
            }
        }

        @Test("so that a job with thousands of files delays nobody") func fairness() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator(Self.large) { _ in
                    let huge = try await fixture.submit("huge", order: #"{"files":2000}"#)
                    try await fixture.reach(.processing, jobs: [huge])
                    try await fill(fixture)
                    let small = try await fixture.submit(fixture.names(50, "small"), tenant: "other")
                    let middle =
                        try await fixture.submit(["middle-1"], order: #"{"files":48}"#, tenant: "x")
                        + fixture.submit(["middle-2"], order: #"{"files":48}"#, tenant: "y")
                    try await fixture.reach(.processing, jobs: small + middle)
                    let messages = try await fixture.downloads(2000 + 50 * 2 + 2 * 48)
                    #expect(Set(messages.map { "\($0.id) \($0.task)" }).count == messages.count, "each file once")
                    #expect(messages.prefix(16).map(\.task) == (0..<16).map { .file($0, token: 0) })
                    // Behind what stood in the queue, and beside the first files of the jobs that came with them.
                    for id in small { #expect(places(of: id, in: messages).allSatisfy { $0 < 256 + 100 + 32 }) }
                    // The job that came first has a turn for each of theirs.
                    for id in middle { #expect(places(of: id, in: messages).allSatisfy { $0 < 256 + 100 + 32 + 6 * 16 }) }
                    // A job leaves the line by the turn that finds nothing more of it.
                    try await eventually(within: OrchestratorFixture.deadline, "an empty line") {
                        try await fixture.store.downloadLine().values.allSatisfy { $0 == 0 }
                    }
                }
            }
        }

        @Test("and none to a job whose files are few") func few() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"files":16}"#)
                    #expect(try await fixture.downloads(16).map(\.task) == (0..<16).map { .file($0, token: 0) })
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(try await fixture.redis.send(["EXISTS", "{lh:downloads}:turns"]).int == 0)
                    #expect(try await fixture.redis.send(["HGET", "{lh:00}:job:a", "filesPublished"]).text == nil)
                }
            }
        }

        @Test("all of them, also when the queue is purged meanwhile") func purge() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator(Self.impatient) { _ in
                    let id = try await fixture.submit("a", order: #"{"files":600}"#)
                    try await fixture.reach(.processing, jobs: [id])
                    try await fill(fixture)
                    #expect(try await fixture.administrator.purge(Self.queue) > 0)
                    try await receiveAll(600, of: id, fixture)
                }
            }
        }

        @Test("all of them, also when the orchestrator dies and the line is lost with the turns it had taken") func death() async throws {
            try await OrchestratorFixture.run { fixture in
                let orchestrator = try await fixture.start(Self.impatient)
                let id = try await fixture.submit("a", order: #"{"files":600}"#)
                try await fixture.reach(.processing, jobs: [id])
                try await fill(fixture)
                await orchestrator.cancel()
                // It has queued files whose messages it did not publish any more.
                let decision = try FileMachine().decide(.published, in: .listed(token: 0)).unwrapped("decision")
                #expect(try await fixture.store.queueFiles(of: id, limit: 40, decision: decision).files.count == 40)
                for key in ["line:normal:default", "tenants:normal", "turns"] {
                    _ = try await fixture.redis.send(["DEL", .string("{lh:downloads}:\(key)")])
                }
                try await fixture.withOrchestrator(Self.impatient) { _ in try await receiveAll(600, of: id, fixture) }
            }
        }

        @Test("all of them, when another orchestrator finds the line") func other() async throws {
            try await OrchestratorFixture.run { fixture in
                let orchestrator = try await fixture.start(Self.large)
                let id = try await fixture.submit("a", order: #"{"files":600}"#)
                try await fixture.reach(.processing, jobs: [id])
                try await fill(fixture)
                await orchestrator.cancel()
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("b", maxFiles: 5000)) { _ in
                    try await receiveAll(600, of: id, fixture)
                }
            }
        }

        @Test("also those of a job that is retried, not all at once") func retry() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator(Self.large) { _ in
                    let id = try await fixture.submit("a", order: #"{"files":1000}"#)
                    try await fixture.reach(.processing, jobs: [id])
                    try await fill(fixture)
                    try await fixture.failFile(999, of: id)
                    #expect(try await fixture.failure(of: id).code == "http-400")
                    _ = try await fixture.administrator.purge(Self.queue)
                    #expect(try await fixture.interpreter.retry(id) == .retried(.processing))
                    try await fill(fixture)
                    // What the purge removed looks as if workers had taken it, and doubles the window.
                    let most = 2 * DownloadWindow.least + DownloadTurns.atOnce
                    #expect(try await fixture.depth(Self.queue) <= most)
                    let states = try await fixture.store.fileStates(of: id, from: 0, many: 1000).states.values
                    #expect(states.count { $0.kind == .listed } >= 1000 - most)
                    #expect(states.allSatisfy { $0.token == 2 })
                    try await receiveAll(1000, of: id, fixture)
                }
            }
        }
    }
}

@Suite("The window of a download queue") struct DownloadWindowTests {
    @Test("has room for as much as workers take in half a second, within bounds") func room() {
        var window = DownloadWindow(), now = ContinuousClock.now
        window.look(0, at: now)
        #expect(window.room == DownloadWindow.least)
        for expected in [512, 1024, 2048, 2048] {
            window.published(window.room)
            #expect(window.room == 0)
            now += DownloadWindow.interval
            #expect(window.nextLook == now)
            window.look(0, at: now)
            #expect(window.room == expected)
        }
        window.published(2048)
        now += DownloadWindow.interval
        window.look(2000, at: now)
        #expect(window.room == 0)
        now += DownloadWindow.interval * 10
        window.look(0, at: now)
        #expect(window.room == 400, "2,000 messages in ten intervals")
    }

    @Test("has none while others have filled the queue") func full() {
        var window = DownloadWindow()
        window.look(70_000, at: .now)
        #expect(window.room == 0)
    }
}
