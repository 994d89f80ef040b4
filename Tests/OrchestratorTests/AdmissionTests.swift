import ExportCore
import JobMessages
import JobStore
import RabbitMQ
import Testing

extension OrchestratorSuites {
    @Suite("takes in") struct AdmissionTests {
        /// A message that nobody can handle, and why.
        static let unfit: [(name: String, body: String, reason: String)] = [
            ("nonsense", "{nonsense", "not-json"),
            ("an array", "[1]", "not-json"),
            ("no provider", #"{"exportJobId":"x"}"#, "missing-field"),
            ("another provider", #"{"provider":"nobody"}"#, "unknown-provider"),
            ("a number for a provider", #"{"provider":7}"#, "bad-field"),
            ("a text for parameters", #"{"provider":"acme","parameters":"x"}"#, "bad-field"),
            ("a bad name", #"{"provider":"acme","exportJobId":"a b"}"#, "bad-field"),
            ("too much", #"{"provider":"acme","parameters":{"x":""# + String(repeating: "x", count: 256 * 1024) + #""}}"#, "too-large"),
            ("10,000 levels", #"{"provider":"acme","parameters":"# + String(repeating: "[", count: 10_000), "not-json"),
        ]

        @Test("no message that nobody can handle: dead-lettered with the reason, and the queue moves on") func unfit() async throws {
            try await OrchestratorFixture.run { fixture in
                let bad = Self.unfit.map { OutgoingMessage(routingKey: QueueNames.jobs(.normal), body: Array($0.body.utf8)) }
                #expect(try await fixture.publisher.publish(all: bad).allSatisfy { $0 == .confirmed })
                let good = try await fixture.submit("good")
                try await fixture.withOrchestrator { _ in
                    try await fixture.reach(.processing, jobs: [good])
                    let dead = try await fixture.receive(bad.count, from: QueueNames.deadJobs)
                    let reasons = dead.map { [$0.body: $0.properties.headers[DeadLetter.reasonHeader]] }
                    for (message, unfit) in zip(bad, Self.unfit) {
                        #expect(reasons.contains([message.body: .string(unfit.reason)]), "\(unfit.name)")
                    }
                    #expect(dead.allSatisfy { $0.properties.headers[DeadLetter.queueHeader] == .string(QueueNames.jobs(.normal)) })
                }
                #expect(try await fixture.depth(QueueNames.jobs(.normal)) == 0)
                #expect(try await fixture.store.counts().values.reduce(0, +) == 1)
            }
        }

        @Test("no job whose parameters its provider's file does not allow") func parameters() async throws {
            let schema = "parameters: { required: [report], properties: { report: { type: string }, limit: { type: integer } } }"
            try await OrchestratorFixture.run(file: try ScriptedAPI().file(schema, "polling: { policy: fixed, interval: 50ms }")) {
                fixture in
                let bodies = [
                    #"{"provider":"acme","parameters":{"limit":"x"}}"#,
                    #"{"provider":"acme","exportJobId":"good","parameters":{"report":"x"}}"#,
                ]
                let messages = bodies.map { OutgoingMessage(routingKey: QueueNames.jobs(.normal), body: Array($0.utf8)) }
                #expect(try await fixture.publisher.publish(all: messages).allSatisfy { $0 == .confirmed })
                try await fixture.withOrchestrator { _ in
                    let dead = try await fixture.receive(1, from: QueueNames.deadJobs)
                    #expect(dead[0].properties.headers[DeadLetter.reasonHeader] == .string("invalid-parameters"))
                    try await fixture.reach(.processing, jobs: [try #require(JobID("good"))])
                }
                #expect(try await fixture.store.counts().values.reduce(0, +) == 1)
            }
        }

        @Test("no message that is too large to be held: the reason is told beside it, and it is kept whole") func huge() async throws {
            try await OrchestratorFixture.run { fixture in
                let body = Array((#"{"provider":"acme","x":""# + String(repeating: "x", count: 3 << 20) + #""}"#).utf8)
                let message = OutgoingMessage(routingKey: QueueNames.jobs(.normal), body: body)
                #expect(try await fixture.publisher.publish(message) == .confirmed)
                try await fixture.withOrchestrator { _ in
                    let dead = try await fixture.receive(2, from: QueueNames.deadJobs)
                    let told = try #require(dead.first { $0.properties.headers[DeadLetter.reasonHeader] == "too-large" })
                    #expect(told.properties.headers[DeadLetter.truncatedHeader] == .boolean(true))
                    #expect(told.body.count < body.count)
                    #expect(dead.contains { $0.body == body })
                }
            }
        }

        @Test("the same job once, however often it is submitted") func twice() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(["a", "a", "a"])
                    try await fixture.reach(.processing, jobs: ids)
                    try await fixture.submit(["a"])
                    // Behind it in the queue: when it has ended, so has the other.
                    try await fixture.reach(.processing, jobs: [fixture.submit("b")])
                    #expect(try await fixture.downloads(4).count == 4)
                }
                #expect(try await fixture.statistics().requests["create"] == 2)
                #expect(try await fixture.store.counts()[.processing] == 2)
                #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 0)
            }
        }

        @Test("no other job under a known id: it becomes a dead letter that names what differs, and the known job goes on")
        func conflict() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.processing, jobs: [id])
                    let other = #"{"exportJobId":"a","provider":"acme","parameters":{"report":"secret-value"}}"#
                    let message = OutgoingMessage(routingKey: QueueNames.jobs(.normal), body: Array(other.utf8))
                    #expect(try await fixture.publisher.publish(message) == .confirmed)
                    let letter = DeadLetterRecord(try await fixture.receive(1, from: QueueNames.deadJobs)[0])
                    #expect(letter.reason == "conflict" && letter.job == id && letter.kind == .message)
                    #expect(letter.explanation.contains("parameters.report") && !letter.explanation.contains("secret-value"))
                    #expect(try await fixture.job(id).state.status == .processing)
                }
                #expect(try await fixture.depth(QueueNames.jobs(.normal)) == 0)
            }
        }

        @Test("a job without a name under the message's id") func nameless() async throws {
            try await OrchestratorFixture.run { fixture in
                let properties = MessageProperties(messageID: "from-the-message", correlationID: "c-1")
                let message = OutgoingMessage(
                    routingKey: QueueNames.jobs(.low), body: Array(#"{"provider":"acme"}"#.utf8), properties: properties)
                #expect(try await fixture.publisher.publish(message) == .confirmed)
                try await fixture.withOrchestrator { _ in
                    let id = try JobID("from-the-message").unwrapped("name")
                    try await fixture.reach(.processing, jobs: [id])
                    let job = try await fixture.job(id)
                    #expect(job.request.correlationID == "c-1")
                    #expect(job.request.priority == .low)
                }
            }
        }

        @Test("and starts high before normal before low, and none starves") func priorities() async throws {
            try await OrchestratorFixture.run { fixture in
                // All in one partition, and all there before the first is started.
                let ids = (0...).lazy.compactMap { JobID("job-\($0)") }.filter { $0.partition(of: OrchestratorFixture.partitions) == 0 }
                let priorities: [JobPriority] = [.low, .normal, .high]
                var jobs: [JobRequest] = []
                for (index, id) in ids.prefix(60).enumerated() {
                    jobs.append(JobRequest(id: id, provider: "acme", priority: priorities[index / 20]))
                }
                _ = try await fixture.store.admit(jobs, watchdog: .seconds(20))
                try await fixture.withOrchestrator(OrchestratorFixture.configuration(createsInFlight: 1)) { _ in
                    try await fixture.reach(.processing, jobs: jobs.map(\.id))
                }
                let byName = Dictionary(uniqueKeysWithValues: jobs.map { ($0.id.text, $0.priority) })
                let order = try await fixture.exports().compactMap { byName[$0.idempotencyKey] }
                #expect(order.count == 60)
                #expect(JobPriority.allCases.map { priority in order.prefix(10).count { $0 == priority } } == [6, 3, 1])
                let last = JobPriority.allCases.compactMap { order.lastIndex(of: $0) }
                #expect(last == last.sorted())
            }
        }
    }
}
