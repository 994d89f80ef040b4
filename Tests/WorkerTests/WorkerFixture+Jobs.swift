import ExportCore
import Foundation
import HTTPClient
import JobMessages
import JobStore
import ProviderAPI
import RabbitMQ
import TestServers

@testable import Worker

/// A file of an export as the sandbox knows it.
struct Truth: Decodable {
    struct File: Decodable {
        struct Entry: Decodable {
            var name: String
            var bytes: Int64
            var sha256: String
        }

        var name: String
        var compression: String
        var entries: [Entry]
    }

    var files: [File]

    /// What a worker should have stored, by name.
    var objects: [String: (bytes: Int64, sha256: String)] {
        var objects: [String: (bytes: Int64, sha256: String)] = [:]
        for file in files {
            for entry in file.entries {
                let name = file.compression == "zip" ? "\(file.name.dropLast(4))/\(entry.name)" : entry.name
                objects[name] = (entry.bytes, entry.sha256)
            }
        }
        return objects
    }
}

extension WorkerFixture {
    /// A job in PROCESSING whose files wait for workers, of an export that the sandbox has made to order.
    /// - Parameters:
    ///   - order: the body of the create request.
    ///   - change: applied to each file before it is stored.
    func processing(_ name: String, order: String, change: (inout FileTask) -> Void = { _ in }) async throws -> (id: JobID, truth: Truth) {
        let exportID = try await createExport(order)
        let handle = #"{"id":"\#(exportID)"}"#
        let context = JobContext(jobID: name, provider: "acme", correlationID: "c-\(name)")
        guard case .page(let files, nil) = await provider.files(context, exportHandle: handle) else {
            throw FixtureError("no page of files")
        }
        var tasks = files.map { FileTask(name: $0.name, url: $0.url, bytes: $0.bytes, sha256: $0.sha256, listedName: $0.name) }
        for index in tasks.indices { change(&tasks[index]) }
        let id = try await store(name, tasks, handle: handle)
        let answer = try await http.send(HTTPRequest(.get, "\(sandboxURL)/_sandbox/truth/\(exportID)"))
        return (id, try JSONDecoder().decode(Truth.self, from: Data(answer.body)))
    }

    /// What the worker claims as attempt 1 and more, without any message about it.
    func store(_ name: String, _ tasks: [FileTask], handle: String) async throws -> JobID {
        let id = try JobID(name).unwrapped("valid name")
        let machine = JobStateMachine(rules: JobRules())
        _ = try await store.admit(
            [NewJob(id: id, provider: "acme", parameters: #"{"report":"x"}"#, correlationID: "c-\(name)")], watchdog: .seconds(60))
        let job = try await store.start([id], lease: .seconds(60)).first.unwrapped("started job")
        var (state, version) = (job.state, job.version)
        for event in [JobEvent.created(PollHints()), .ready] {
            let decision = try machine.decide(event, in: state, random: 0).unwrapped("decision")
            let change = JobChange(id: id, version: version, from: state, decision: decision, exportHandle: handle)
            guard case .applied(let next) = try await store.apply(change) else { throw FixtureError("stale") }
            (state, version) = (decision.state, next)
        }
        let decision = try machine.decide(.pageListed(isLast: true), in: state, random: 0).unwrapped("decision")
        _ = try await store.addFiles(tasks, to: id, version: version, decision: decision, cursor: nil).unwrapped("listing")
        return id
    }

    private func createExport(_ order: String) async throws -> String {
        let answer = try await http.send(
            HTTPRequest(
                .post, "\(sandboxURL)/v2/exports", headers: [("Content-Type", "application/json")], body: .bytes(Array(order.utf8))))
        struct Export: Decodable { var id: String }
        return try JSONDecoder().decode(Export.self, from: Data(answer.body)).id
    }

    func publish(_ id: JobID, files: Range<Int>, _ priority: JobPriority = .normal) async throws {
        let messages = files.map { DownloadMessage(id: id, task: .file($0), correlationID: "c-\(id)").outgoing(priority) }
        try await publish(messages)
    }

    func publishManifest(_ id: JobID) async throws {
        try await publish([DownloadMessage(id: id, task: .manifest, correlationID: "c-\(id)").outgoing(.normal)])
    }

    func publish(_ messages: [OutgoingMessage]) async throws {
        guard try await publisher.publish(all: messages).allSatisfy({ $0 == .confirmed }) else { throw FixtureError("not confirmed") }
    }

    /// What an orchestrator does for files: publishes those whose lease ran out or whose backoff is over, and decides about a job of
    /// which files were given up.
    func publishDue() async throws {
        let claimed = try await store.claim(partition: 0, lease: .seconds(60), watchdog: .seconds(60))
        try await publish(
            claimed.downloads.map {
                DownloadMessage(id: $0.id, task: .file($0.file), correlationID: $0.correlationID).outgoing($0.priority)
            })
        for wake in claimed.messages.flatMap({ Wake.decode($0).wakes }) where wake.state.filesFailed > 0 {
            let job = try await job(wake.id)
            let decision = try await decide(.fileFailed(try job.fileError.unwrapped("error of the file")), job)
            if decision.action == .writeManifest { try await publishManifest(job.id) }
        }
    }

    func job(_ id: JobID) async throws -> ExportJob { try await store.job(id).unwrapped("job") }

    @discardableResult
    func decide(_ event: JobEvent, _ job: ExportJob) async throws -> Decision {
        let machine = JobStateMachine(rules: provider.definition.jobRules)
        let decision = try machine.decide(event, in: job.state, random: 0).unwrapped("decision")
        guard case .applied = try await store.apply(JobChange(id: job.id, version: job.version, from: job.state, decision: decision)) else {
            throw FixtureError("\(job.id) is stale")
        }
        return decision
    }

    /// Plays the scheduler until the job has come to its end.
    func end(of id: JobID) async throws -> ExportJob {
        var ended: ExportJob?
        try await eventually(within: Self.deadline, "the end of \(id)") {
            try await publishDue()
            ended = try await store.job(id)
            return ended?.state.status.isFinal == true
        }
        return try ended.unwrapped("job")
    }

    /// The failed attempts in a job's history.
    func failures(of id: JobID) async throws -> [String] { try await store.history(of: id).filter { $0.what == "!" }.map(\.detail) }

    func state(ofFile index: Int, _ id: JobID) async throws -> String? {
        try await redis.send(["HGET", "{lh:00}:files:\(id)", .string("\(index).state")]).text
    }

    func downloads() async throws -> Int {
        struct Statistics: Decodable { var requests: [String: Int] }
        let answer = try await http.send(HTTPRequest(.get, "\(sandboxURL)/_sandbox/stats"))
        return try JSONDecoder().decode(Statistics.self, from: Data(answer.body)).requests["download"] ?? 0
    }
}
