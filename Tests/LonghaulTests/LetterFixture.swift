import EventThread
import ExportCore
import Foundation
import JobMessages
import JobStore
import RabbitMQ
import Redis
import TestServers
import Testing

@testable import longhaul

/// An installation that is set up, with direct access to its broker and store for creating letters and jobs.
struct LetterFixture: Sendable {
    let installation: Installation
    let thread: EventThread
    let publisher: Publisher
    let administrator: Administrator
    let connection: StoreConnection
    let settings: Settings

    static func run(_ body: (LetterFixture) async throws -> Void) async throws {
        try await Installation.run { installation in
            let setup = try await installation.longhaul("setup")
            try #require(setup.status == 0, "\(setup.errors)")
            let settings = try await Settings.load(file: nil, environment: installation.environment)
            let thread = EventThread(name: "letter-test")
            let rabbitMQ = try settings.rabbitMQ(connectionName: "test")
            let publisher = Publisher(rabbitMQ, on: thread, logger: Terminal.quietLogger)
            try await publisher.connect()
            let fixture = LetterFixture(
                installation: installation, thread: thread, publisher: publisher,
                administrator: Administrator(rabbitMQ, logger: Terminal.quietLogger),
                connection: try await StoreConnection.open(settings, name: "test", on: thread, logger: Terminal.quietLogger),
                settings: settings)
            try await body(fixture)
            await publisher.shutdown()
            await fixture.administrator.shutdown()
            await fixture.connection.close()
            thread.stop()
        }
    }

    var store: JobStore { connection.store }
    var redrive: Redrive { Redrive(store: store, interpreter: connection.interpreter, publisher: publisher) }

    func longhaul(_ arguments: String...) async throws -> ChildProcess.Ended {
        try await installation.start(["dead-letters"] + arguments).end(within: Installation.deadline)
    }

    func depth(_ queue: String) async throws -> Int { try await administrator.depth(queue).messages }

    static func job(_ name: String, provider: String = "acme", priority: JobPriority = .normal) throws -> JobRequest {
        JobRequest(
            id: try #require(JobID(name)), provider: provider, parameters: #"{"report":"orders"}"#, priority: priority,
            correlationID: "c-\(name)",
            traceparent: "00-1-2-01")
    }

    func put(_ message: OutgoingMessage) async throws { #expect(try await publisher.publish(message) == .confirmed) }

    /// The letter about a job that failed `ago`.
    func putJob(_ name: String, provider: String = "acme", reason: String = "http-403", ago: TimeInterval = 60) async throws {
        let error = JobError(code: reason, message: "POST /exports answered otherwise than it should")
        let last = Date() - ago
        try await put(
            DeadLetter.failedJob(
                try Self.job(name, provider: provider), error: error, attempts: 6, firstFailure: last - 30, lastFailure: last))
    }

    func putFile(_ index: Int, of name: String, ago: TimeInterval = 60) async throws {
        let job = try Self.job(name)
        try await put(
            DeadLetter.failedFile(
                DownloadMessage(id: job.id, task: .file(index, token: nil), correlationID: job.correlationID), request: job,
                failure: Failure(.corrupt, code: "checksum-mismatch", message: "x.csv: another checksum"), attempts: 5, firstFailure: nil,
                lastFailure: Date() - ago))
    }

    /// A message as an intake dead-letters it when it cannot read it.
    func putMalformed(_ body: String, from queue: String = QueueNames.jobs(.high)) async throws {
        try await put(OutgoingMessage(routingKey: queue, body: Array(body.utf8)))
        let browser = try await QueueBrowser.open(settings.rabbitMQ(connectionName: "test"), queue: queue)
        let delivery = try #require(try await browser.next(atMost: 1).first)
        try await browser.acknowledge([delivery.tag])
        try await browser.close()
        try await put(
            DeadLetter(delivery, JobMessageError(code: "not-json", message: "no JSON"), at: Date() - 60).outgoing(to: QueueNames.deadJobs))
    }

    /// A job message that the broker dead-letters, because it has expired.
    func putExpired(_ body: String) async throws {
        let before = try await depth(QueueNames.deadJobs)
        let properties = MessageProperties(expiration: .milliseconds(1))
        try await put(OutgoingMessage(routingKey: QueueNames.jobs(.low), body: Array(body.utf8), properties: properties))
        try await eventually(within: Installation.deadline, "the broker to move it") { try await depth(QueueNames.deadJobs) > before }
    }

    /// A job in the store, PENDING or FAILED.
    func admit(_ name: String, failed: Bool) async throws {
        let job = try Self.job(name)
        _ = try await store.admit([job], watchdog: .seconds(60))
        guard failed else { return }
        let machine = JobMachine(rules: JobRules(polling: .fixed(interval: .seconds(60)), lease: .seconds(30), watchdog: .seconds(60)))
        let known = try #require(try await store.job(job.id))
        let decision = try #require(
            machine.decide(
                .stepFailed(Failure(.permanent, code: "http-403", message: "POST /exports answered 403")), in: known.state, random: 0.5))
        try #require(decision.state.status == .failed)
        for outcome in await store.apply([JobChange(known.claimed, decision, detail: "http-403")]) { _ = try outcome.get() }
    }

    /// Takes an admitted job on to its listed files.
    func list(_ name: String, files: Int) async throws {
        let machine = JobMachine(rules: JobRules(polling: .fixed(interval: .seconds(60)), lease: .seconds(30), watchdog: .seconds(60)))
        let id = try Self.job(name).id
        for event in [JobEvent.created(PollHints()), .ready] {
            let known = try #require(try await store.job(id))
            let decision = try #require(machine.decide(event, in: known.state, random: 0.5))
            for outcome in await store.apply([JobChange(known.claimed, decision, exportHandle: "{}")]) { _ = try outcome.get() }
        }
        let known = try #require(try await store.job(id))
        let decision = try #require(machine.decide(.pageListed(added: files, isLast: true), in: known.state, random: 0.5))
        let tasks = (0..<files).map { FileTask(name: "\($0).csv", url: "http://127.0.0.1:9/\($0)", listedName: "\($0).csv") }
        _ = try await store.addFiles(tasks, to: known.claimed, decision: decision, cursor: nil)
    }

    /// The messages of a queue, without removing them.
    func bodies(_ queue: String) async throws -> [String] {
        let browser = try await QueueBrowser.open(settings.rabbitMQ(connectionName: "test"), queue: queue)
        let bodies = try await browser.next(atMost: 1000).map { String(decoding: $0.body, as: UTF8.self) }
        try await browser.close()
        return bodies
    }

    func letters(_ queue: String = QueueNames.deadJobs) async throws -> [DeadLetterRecord] {
        let browser = try await QueueBrowser.open(settings.rabbitMQ(connectionName: "test"), queue: queue)
        let letters = try await browser.next(atMost: 1000).map(DeadLetterRecord.init)
        try await browser.close()
        return letters
    }
}
