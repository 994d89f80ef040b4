import ExportCore
import Foundation
import HTTPClient
import JobMessages
import JobStore
import RabbitMQ
import TestServers

extension OrchestratorFixture {
    /// Submits jobs of one order: the body of the create request that the sandbox gets.
    @discardableResult
    func submit(
        _ names: [String], order: String = "{}", priority: JobPriority = .normal, tenant: String = "default"
    ) async throws -> [JobID] {
        let ids = try names.map { try JobID($0).unwrapped("valid name in \($0)") }
        let messages = try ids.map { id in
            OutgoingMessage(
                routingKey: QueueNames.jobs(priority),
                body: try JobMessage.encode(JobRequest(id: id, provider: "acme", parameters: order, priority: priority, tenant: tenant)))
        }
        guard try await publisher.publish(all: messages).allSatisfy({ $0 == .confirmed }) else { throw FixtureError("not confirmed") }
        return ids
    }

    /// Publishes job messages as they are.
    func publish(_ bodies: [String], priority: JobPriority = .normal) async throws {
        let messages = bodies.map { OutgoingMessage(routingKey: QueueNames.jobs(priority), body: Array($0.utf8)) }
        guard try await publisher.publish(all: messages).allSatisfy({ $0 == .confirmed }) else { throw FixtureError("not confirmed") }
    }

    func submit(_ name: String, order: String = "{}", priority: JobPriority = .normal) async throws -> JobID {
        try await submit([name], order: order, priority: priority)[0]
    }

    /// Names of `count` jobs.
    func names(_ count: Int, _ prefix: String = "job") -> [String] { (0..<count).map { "\(prefix)-\($0)" } }

    /// Jobs in POLLING, which nobody has looked at yet.
    func polling(_ names: [String]) async throws -> [JobID] {
        let machine = JobMachine(rules: JobRules(polling: .fixed(interval: .milliseconds(100))))
        let ids = try names.map { try JobID($0).unwrapped("valid name in \($0)") }
        _ = try await store.admit(ids.map { JobRequest(id: $0, provider: "acme") }, watchdog: .seconds(60))
        let taken = try await store.take(from: "acme", limit: ids.count, limits: StartLimits())
        for job in try await store.start(taken.ids, lease: .seconds(60)) {
            let decision = try machine.decide(.created(PollHints()), in: job.state, random: 0).unwrapped("decision")
            let change = JobChange(job, decision, exportHandle: try await createExport(job.id))
            guard case .applied = try await store.apply([change])[0].get() else { throw FixtureError("\(job.id) is stale") }
        }
        return ids
    }

    /// A job in POLLING, of an API that the test scripts, claimed.
    func polling(of name: String) async throws -> ClaimedJob {
        let id = try JobID(name).unwrapped("valid name in \(name)")
        _ = try await store.admit([JobRequest(id: id, provider: "acme")], watchdog: .seconds(60))
        let taken = try await store.take(from: "acme", limit: 1, limits: StartLimits())
        let job = try await store.start(taken.ids, lease: .seconds(60)).first.unwrapped("job")
        let decision = try JobMachine(rules: JobRules()).decide(.created(PollHints()), in: job.state, random: 0).unwrapped("decision")
        let change = JobChange(job, decision, exportHandle: #"{"id":"\#(name)"}"#)
        guard case .applied(let version, _) = try await store.apply([change])[0].get() else { throw FixtureError("\(id) is stale") }
        return change.stored(as: version)
    }

    /// The handle of a new export.
    @discardableResult
    func createExport(_ id: JobID) async throws -> String {
        let answer = try await http.send(
            HTTPRequest(
                .post, "\(sandboxURL)/v2/exports", headers: [("Content-Type", "application/json"), ("Idempotency-Key", id.text)],
                body: .bytes(Array("{}".utf8))))
        struct Export: Decodable { var id: String }
        return #"{"id":"\#(try JSONDecoder().decode(Export.self, from: Data(answer.body)).id)"}"#
    }

    /// Waits until all jobs have one of these statuses.
    func reach(_ statuses: JobStatus..., jobs ids: [JobID], within deadline: Duration = deadline) async throws {
        var last: [JobStatus: Int] = [:]
        do {
            try await eventually(within: deadline, "\(ids.count) jobs are \(statuses)") {
                do throws(JobStoreError) {
                    let jobs = try await store.jobs(ids)
                    last = Dictionary(grouping: jobs, by: \.state.status).mapValues(\.count)
                } catch {
                    // Redis may be restarting just now.
                    guard error.isRetriable else { throw error }
                }
                return statuses.reduce(0) { $0 + (last[$1] ?? 0) } == ids.count
            }
        } catch {
            throw FixtureError("\(error); they are \(last)")
        }
    }

    func job(_ id: JobID) async throws -> Job { try await store.job(id).unwrapped("job \(id)") }

    /// A worker claims a file, and fails for good.
    func failFile(_ index: Int, of id: JobID) async throws {
        let machine = FileMachine(), listed = try await store.fileStates(of: id, from: index, many: 1).states[index].unwrapped("state")
        let claim = try machine.decide(.claimed(isTimerDue: false), in: listed).unwrapped("claim")
        guard case .claimed(let file) = try await store.claimFile(index, of: id, from: listed, decision: claim) else {
            throw FixtureError("file \(index) of \(id) was not claimed")
        }
        let failure = Failure(.permanent, code: "http-400", message: "no")
        let end = try machine.decide(.failed(failure, attempt: 1), in: file.state).unwrapped("end")
        _ = try await store.applyFile(end, to: file, failure: failure).unwrapped("stored end")
    }

    /// Waits for the end of a job that fails.
    func failure(of id: JobID) async throws -> JobError {
        try await reach(.failed, jobs: [id])
        return try await job(id).error.unwrapped("error")
    }

    func depth(_ queue: String) async throws -> Int { try await administrator.depth(queue).messages }

    /// Receives and acknowledges the next `count` messages of a queue.
    func receive(_ count: Int, from queue: String) async throws -> [Delivery] {
        let consumer = Consumer(rabbitMQ, subscriptions: [Subscription(queue: queue, prefetch: 1000)], on: thread, logger: quiet)
        try await consumer.connect()
        let deadline = Task {
            try await Task.sleep(for: Self.deadline)
            await consumer.shutdown()
        }
        var received: [Delivery] = []
        while received.count < count {
            let deliveries = try await consumer.next(atMost: count - received.count)
            if deliveries.isEmpty { throw FixtureError("\(queue) gave \(received.count) of \(count) messages") }
            await consumer.acknowledge(deliveries.map(\.tag))
            received += deliveries
        }
        deadline.cancel()
        await consumer.shutdown()
        return received
    }

    /// The next `count` download messages of a priority.
    func downloads(_ count: Int, _ priority: JobPriority = .normal) async throws -> [DownloadMessage] {
        try await receive(count, from: QueueNames.downloads(priority)).map { try DownloadMessage(body: $0.body) }
    }

    func statistics() async throws -> SandboxStatistics {
        let answer = try await http.send(HTTPRequest(.get, "\(sandboxURL)/_sandbox/stats"))
        return try JSONDecoder().decode(SandboxStatistics.self, from: Data(answer.body))
    }

    /// What the sandbox knows of its exports, in the order of their creation.
    func exports() async throws -> [SandboxExport] {
        let answer = try await http.send(HTTPRequest(.get, "\(sandboxURL)/_sandbox/truth"))
        return try answer.body.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(SandboxExport.self, from: Data($0)) }
    }
}

/// What the sandbox has counted.
struct SandboxStatistics: Decodable {
    struct Exports: Decodable {
        var created: Int
        var replayed: Int
    }

    var requests: [String: Int]
    var exports: Exports
    var hanging: Int
}

struct SandboxExport: Decodable {
    struct Requests: Decodable {
        var create: Int
        var status: Int
        var files: Int
    }

    var idempotencyKey: String
    var requests: Requests
}
