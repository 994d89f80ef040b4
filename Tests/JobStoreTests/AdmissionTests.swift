import ExportCore
import JobStore
import TestServers
import Testing

@Suite("Admission and start", .needsServers) struct AdmissionTests {
    @Test("gives each new job a timer, a place in the waiting list, a count and a history") func admission() async throws {
        try await TestStore.run { test in
            let before = try await test.now()
            let id = try await test.admit("a")
            let job = try #require(try await test.store.job(id))
            #expect(job.state.status == .pending)
            #expect(job.request.parameters == #"{"report":"orders"}"#)
            #expect(job.request.correlationID == "c-a")
            #expect(job.createdAt >= before)
            #expect(try #require(try await test.score("a")) >= before + 60_000)
            #expect(try await test.store.counts()[.pending] == 1)
            #expect(try await test.store.history(of: id).map(\.what) == ["PENDING"])
            #expect(try await test.store.list(.pending, limit: 10).map(\.id) == [id])
        }
    }

    @Test("admits the same job once") func doubled() async throws {
        try await TestStore.run { test in
            let job = try test.request("a")
            #expect(try await test.store.admit([job, job], watchdog: .seconds(60)) == [.admitted, .waiting])
            #expect(try await test.store.admit([job], watchdog: .seconds(60)) == [.waiting])
            _ = try await test.start()
            #expect(try await test.store.admit([job], watchdog: .seconds(60)) == [.known], "it is not put into the waiting list again")
            #expect(try await test.start().isEmpty)
            #expect(try await test.store.counts()[.pending] == 1)
        }
    }

    @Test("spreads jobs over partitions, and finds each again") func partitions() async throws {
        try await TestStore.run(partitions: 16) { test in
            let jobs = try (0..<100).map { try test.request("job-\($0)") }
            #expect(try await test.store.admit(jobs, watchdog: .seconds(60)).allSatisfy { $0 == .admitted })
            #expect(try await test.store.counts()[.pending] == 100)
            #expect(try await test.store.jobs(jobs.map(\.id)).count == 100)
            #expect(try await test.start(limit: 200).count == 100)
        }
    }

    @Test("admits and starts thousands of jobs of one partition at once") func many() async throws {
        try await TestStore.run { test in
            let jobs = try (0..<3000).map { try test.request("job-\($0)") }
            #expect(try await test.store.admit(jobs, watchdog: .seconds(60)).allSatisfy { $0 == .admitted })
            #expect(try await test.store.counts()[.pending] == 3000)
            let started = try await test.start(limit: 3000)
            #expect(started.count == 3000)
            #expect(started.allSatisfy { $0.version == 1 && $0.state.claims == 1 })
        }
    }

    @Test("starts high before normal before low, and starves none") func priorities() async throws {
        try await TestStore.run { test in
            for index in 0..<20 {
                for priority in JobPriority.allCases { try await test.admit("\(priority.rawValue)-\(index)", priority) }
            }
            let first = try await test.start(limit: 10).map(\.request.priority)
            #expect(first.count { $0 == .high } == 6)
            #expect(first.count { $0 == .normal } == 3)
            #expect(first.count { $0 == .low } == 1)
            #expect(first.first == .high)
        }
    }

    @Test("keeps the order of arrival within a priority") func order() async throws {
        try await TestStore.run { test in
            for name in ["c", "a", "b"] {
                let admitted = try await test.now()
                try await test.admit(name)
                // The order is by the millisecond of admission.
                while try await test.now() == admitted {}
            }
            #expect(try await test.start().map(\.id.text) == ["c", "a", "b"])
        }
    }

    @Test("starts a job once, under a lease, with the version that its claim gave it") func lease() async throws {
        try await TestStore.run { test in
            let id = try await test.admit("a")
            let job = try #require(try await test.start().first)
            #expect(job.version == 1)
            #expect(job.state.claims == 1)
            #expect(try await test.start().isEmpty)
            let due = try #require(try await test.score("a"))
            #expect(abs(due - (try await test.now()) - 30_000) < 5_000)
            #expect(try await test.store.job(id)?.version == 1)
        }
    }

    @Test("puts a job whose creator died back into the waiting list when the lease is over") func lostCreator() async throws {
        try await TestStore.run { test in
            try await test.admit("a")
            _ = try await test.start(lease: .zero)
            let claimed = try await test.claim()
            #expect(claimed.messages.isEmpty)
            #expect(claimed.waiting.map(\.id.text) == ["a"])
            try await test.store.enqueue(claimed.waiting)
            #expect(try await test.start().first?.version == 2)
        }
    }
}

@Suite("A known job", .needsServers) struct KnownJobTests {
    private static func again(_ request: JobRequest, after first: JobRequest) async throws -> AdmissionOutcome {
        var outcome = AdmissionOutcome.admitted
        try await TestStore.run { test in
            _ = try await test.store.admit([first], watchdog: .seconds(60))
            let before = try await test.store.job(first.id)
            outcome = try #require(try await test.store.admit([request], watchdog: .seconds(60)).first)
            #expect(try await test.store.job(first.id) == before, "it never changes")
            #expect(try await test.start().map(\.request.provider) == [first.provider])
        }
        return outcome
    }

    private static func request(
        _ parameters: String = #"{"day":1,"report":"orders"}"#, provider: String = "acme", tenant: String = "default",
        priority: JobPriority = .normal, correlation: String = "c-1", webhook: String? = nil
    ) throws -> JobRequest {
        JobRequest(
            id: try #require(JobID("a")), provider: provider, parameters: parameters, priority: priority, tenant: tenant,
            correlationID: correlation, webhook: webhook)
    }

    @Test("is the same whatever the order of its parameters, their white space, its priority and its correlation id") func same()
        async throws
    {
        let reordered = #"{ "report": "orders", "day": 1 }"#
        #expect(try await Self.again(Self.request(reordered), after: Self.request()) == .waiting)
        #expect(try await Self.again(Self.request(priority: .normal, correlation: "c-2"), after: Self.request()) == .waiting)
        let nested = (#"{"a":{"x":[1,{"p":1,"q":2}],"y":2}}"#, #"{"a":{"y":2,"x":[1,{"q":2,"p":1}]}}"#)
        #expect(try await Self.again(Self.request(nested.1), after: Self.request(nested.0)) == .waiting)
    }

    @Test("is another one if provider, tenant, webhook or a parameter differ, which are named without their values") func conflict()
        async throws
    {
        let first = try Self.request()
        #expect(try await Self.again(Self.request(#"{"day":2,"report":"orders"}"#), after: first) == .conflict(["parameters.day"]))
        #expect(
            try await Self.again(Self.request(#"{"report":"orders","other":0}"#), after: first)
                == .conflict(["parameters.day", "parameters.other"]))
        #expect(try await Self.again(Self.request(tenant: "blue"), after: first) == .conflict(["tenant"]))
        #expect(try await Self.again(Self.request(webhook: "https://a.example/"), after: first) == .conflict(["webhook"]))
        #expect(try await Self.again(Self.request(provider: "other"), after: first) == .conflict(["provider"]))
        #expect(try await Self.again(Self.request(#"{"day":[1],"report":"orders"}"#), after: first) == .conflict(["parameters.day"]))
        let lists = (try Self.request(#"{"a":[1,2]}"#), try Self.request(#"{"a":[2,1]}"#))
        #expect(try await Self.again(lists.1, after: lists.0) == .conflict(["parameters.a"]), "the order of a list matters")
    }

    @Test("is told from another one by every digit of its numbers, but not by how they are written") func numbers() async throws {
        let first = try Self.request(#"{"id":123456789012345678901}"#)
        #expect(try await Self.again(Self.request(#"{"id":123456789012345678902}"#), after: first) == .conflict(["parameters.id"]))
        #expect(try await Self.again(Self.request(#"{"id": 123456789012345678901.0}"#), after: first) == .waiting)
        let text = try Self.request(#"{"id":"123456789012345678901"}"#)
        #expect(try await Self.again(text, after: first) == .conflict(["parameters.id"]))
        #expect(try await Self.again(Self.request(#"{"a":"\u00e4\/"}"#), after: Self.request(#"{"a":"ä/"}"#)) == .waiting)
    }

    @Test("in the same batch is found too") func sameBatch() async throws {
        try await TestStore.run { test in
            let first = try Self.request(), other = try Self.request(#"{"day":2}"#)
            let outcomes = try await test.store.admit([first, other, first], watchdog: .seconds(60))
            #expect(outcomes == [.admitted, .conflict(["parameters.day", "parameters.report"]), .waiting])
        }
    }
}
