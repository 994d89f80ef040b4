import ExportCore
import JobMessages
import JobStore
import Lifecycle
import Testing
import TestServers

/// One of each kind; `position` does not compile until a new action has a place here.
private let actions: [JobAction] = [
    .publishDeadLetter(JobError(code: "broken", message: "it broke")), .learnDuration(isReady: true), .takePlace, .releasePlace, .listFiles,
    .publishFiles(0..<3), .lineUp, .publishManifest,
]

private func position(of action: JobAction) -> Int {
    switch action {
    case .publishDeadLetter: 0
    case .learnDuration: 1
    case .takePlace: 2
    case .releasePlace: 3
    case .listFiles: 4
    case .publishFiles: 5
    case .lineUp: 6
    case .publishManifest: 7
    }
}

@Suite("The interpreter of a job's actions", .needsServers) struct JobInterpreterTests {
    @Test("executes every action that there is") func everyAction() async throws {
        #expect(actions.map(position) == Array(0..<actions.count))
        for action in actions {
            try await LifecycleFixture.run { fixture in
                let job = try await fixture.started("a")
                // As after a look for jobs with such a limit: places are counted.
                _ = try await fixture.redis.send(["HSET", "{lh:p:acme}:turns", "places", 1])
                let decision = JobDecision(state: job.state, timer: .after(.seconds(60)), actions: [action])
                #expect(await fixture.jobs.carryOut(JobChange(job, decision)) != nil)
                switch action {
                case .publishDeadLetter: #expect(try await fixture.depth(QueueNames.deadJobs) == 1)
                case .learnDuration(let isReady):
                    #expect(fixture.effects.all == ["learn \(ObservedDuration(of: job, isReady: isReady))"])
                case .takePlace: #expect(try await fixture.redis.send(["ZSCORE", "{lh:p:acme}:inflight", "a"]).text != nil)
                case .releasePlace: #expect(fixture.effects.all == ["releasePlace"])
                case .listFiles: #expect(fixture.effects.all == ["listFiles"])
                case .publishFiles(let files): #expect(try await fixture.depth(QueueNames.downloads(.normal)) == files.count)
                case .lineUp: #expect(fixture.effects.all == ["lineUp"])
                case .publishManifest: #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 1)
                }
            }
        }
    }

    @Test("executes nothing after a change that was not stored, because the job had changed") func stale() async throws {
        try await LifecycleFixture.run { fixture in
            let job = try await fixture.started("a")
            _ = try await fixture.stored(.created(PollHints()), job)
            #expect(await fixture.jobs.carryOut(.created(PollHints()), for: job, by: LifecycleFixture.machine) == nil)
            let failure = Failure(.permanent, code: "http-400", message: "bad request")
            #expect(await fixture.jobs.carryOut(.stepFailed(failure), for: job, by: LifecycleFixture.machine) == nil)
            #expect(try await fixture.depth(QueueNames.deadJobs) == 0)
            #expect(fixture.effects.all == [])
        }
    }

    @Test("stores a page and its files, and publishes the manifest's message when the workers were faster than the list")
    func pages() async throws {
        try await LifecycleFixture.run { fixture in
            let polling = try await fixture.stored(.created(PollHints()), fixture.started("a"))
            #expect(polling.exportHandle == #"{"id":"e"}"#, "what the answer said is part of the job that the next step works on")
            let ready = try await fixture.stored(.ready, polling)
            let file = FileTask(name: "a.csv", url: "https://x.example/a.csv", listedName: "a.csv")
            let next = try await fixture.jobs.carryOut(page: [file], next: "2", of: ready, by: LifecycleFixture.machine)
            let listed = try #require(next)
            #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 1)

            let machine = FileMachine()
            guard case .claimed(let claimed) = try await fixture.files.claim(0, of: ready.id, token: nil, machine: machine) else {
                Issue.record("the file is not claimed")
                return
            }
            let object = StoredObject(name: "a.csv", source: "https://x.example/a.csv", bytes: 3, sha256: "00", key: "k")
            let end = await fixture.files.carryOut(.stored, on: claimed, machine: machine, objects: [object]) { false }
            guard case .stored = end else {
                Issue.record("the file is not stored: \(end)")
                return
            }
            // `listed` does not know yet that its file is stored: the store says so, and the machine decides again.
            let last = try await fixture.jobs.carryOut(page: [], next: nil, of: listed, by: LifecycleFixture.machine)
            #expect(last?.state.status == .processing)
            #expect(last?.state.isTransferred == true)
            #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 2)
        }
    }

    @Test("retries a failed job from where it failed, and says of any other why not") func retry() async throws {
        try await LifecycleFixture.run { fixture in
            let job = try await fixture.stored(.created(PollHints()), fixture.started("a"))
            #expect(try await fixture.jobs.retry(job.id) == .notFailed(.polling))
            let failure = Failure(.permanent, code: "http-400", message: "bad request")
            _ = try await fixture.stored(.stepFailed(failure), job)
            #expect(try await fixture.depth(QueueNames.deadJobs) == 1)
            #expect(try await fixture.jobs.retry(job.id) == .retried(.polling))
            #expect(try await fixture.jobs.retry(try #require(JobID("nobody"))) == .unknown)
        }
    }
}
