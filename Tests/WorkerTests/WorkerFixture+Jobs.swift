import ExportCore
import Foundation
import HTTPClient
import JobMessages
import JobStore
import Lifecycle
import ProviderAPI
import RabbitMQ
import TestServers

@testable import Worker

/// A file of an export according to the sandbox.
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

    /// The objects that a worker should store, by name.
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
    /// A job in PROCESSING whose files wait for workers, with an export that the sandbox created for an order.
    /// - Parameters:
    ///   - order: the body of the create request.
    ///   - change: applied to each file before it is stored.
    func processing(_ name: String, order: String, change: (inout FileTask) -> Void = { _ in }) async throws -> (id: JobID, truth: Truth) {
        let exportID = try await createExport(order)
        let handle = #"{"id":"\#(exportID)"}"#
        let request = try request(name)
        guard case .page(let files, nil) = await provider.files(JobContext(request), exportHandle: handle) else {
            throw FixtureError("no page of files")
        }
        var tasks = files.map { FileTask(name: $0.name, url: $0.url, bytes: $0.bytes, sha256: $0.sha256, listedName: $0.name) }
        for index in tasks.indices { change(&tasks[index]) }
        let id = try await store(request, tasks, handle: handle)
        let answer = try await http.send(HTTPRequest(.get, "\(sandboxURL)/_sandbox/truth/\(exportID)"))
        return (id, try JSONDecoder().decode(Truth.self, from: Data(answer.body)))
    }

    /// A job in PROCESSING with files that no worker has claimed, and no message about them.
    func store(_ request: JobRequest, _ tasks: [FileTask], handle: String) async throws -> JobID {
        _ = try await store.admit([request], watchdog: .seconds(60))
        var job = try await store.start([request.id], lease: .seconds(60)).first.unwrapped("started job")
        for event in [JobEvent.created(PollHints()), .ready] {
            job = try await jobs.carryOut(event, for: job, by: machine, exportHandle: handle).unwrapped("stored change")
        }
        let decision = try machine.decide(.pageListed(added: tasks.count, isLast: true), in: job.state, random: 0).unwrapped("decision")
        guard case .added = try await store.addFiles(tasks, to: job, decision: decision, cursor: nil) else { throw FixtureError("stale") }
        return request.id
    }

    func request(_ name: String) throws -> JobRequest {
        JobRequest(
            id: try JobID(name).unwrapped("valid name"), provider: "acme", parameters: #"{"report":"x"}"#, correlationID: "c-\(name)")
    }

    var machine: JobMachine { JobMachine(rules: provider.definition.jobRules) }

    private func createExport(_ order: String) async throws -> String {
        let answer = try await http.send(
            HTTPRequest(
                .post, "\(sandboxURL)/v2/exports", headers: [("Content-Type", "application/json")], body: .bytes(Array(order.utf8))))
        struct Export: Decodable { var id: String }
        return try JSONDecoder().decode(Export.self, from: Data(answer.body)).id
    }

    func publish(_ id: JobID, files: Range<Int>, _ priority: JobPriority = .normal) async throws {
        let messages = files.map { DownloadMessage(id: id, task: .file($0, token: nil), correlationID: "c-\(id)").outgoing(priority) }
        try await publish(messages)
    }

    func publishManifest(_ id: JobID) async throws {
        try await publish([DownloadMessage(id: id, task: .manifest, correlationID: "c-\(id)").outgoing(.normal)])
    }

    func publish(_ messages: [OutgoingMessage]) async throws {
        guard try await publisher.publish(all: messages).allSatisfy({ $0 == .confirmed }) else { throw FixtureError("not confirmed") }
    }

    /// Acts as an orchestrator: publishes the files whose lease expired or whose backoff is over, and decides about a job with failed files.
    func publishDue() async throws {
        let claimed = try await store.claim(partition: 0, lease: .seconds(60), watchdog: .seconds(60))
        _ = try await files.timersFired(claimed.files)
        for wake in claimed.messages.flatMap({ Wake.decode($0).jobs }) where wake.state.filesFailed > 0 {
            let job = try await job(wake.id)
            await jobs.carryOut(.watchdogFired(fileError: job.fileError), for: job.claimed, by: machine)
        }
    }

    /// Claims a file, as a worker does, and does no more.
    func claim(_ index: Int, of id: JobID, lease: Duration = .seconds(30)) async throws -> ClaimedFile {
        let machine = FileMachine(rules: FileMachine.Rules(lease: lease))
        guard case .claimed(let file) = try await files.claim(index, of: id, token: nil, machine: machine) else {
            throw FixtureError("file \(index) of \(id) was not claimed")
        }
        return file
    }

    func job(_ id: JobID) async throws -> Job { try await store.job(id).unwrapped("job") }

    /// Acts as the scheduler until the job has ended.
    func end(of id: JobID) async throws -> Job {
        var ended: Job?
        try await eventually(within: Self.deadline, "the end of \(id)") {
            try await publishDue()
            ended = try await store.job(id)
            return ended?.state.status.isFinal == true
        }
        return try ended.unwrapped("job")
    }

    /// The failed attempts in a job's history.
    func failures(of id: JobID) async throws -> [String] { try await store.history(of: id).filter { $0.what == "!" }.map(\.detail) }

    func state(ofFile index: Int, _ id: JobID) async throws -> String? { try await field("state", ofFile: index, id) }

    func field(_ name: String, ofFile index: Int, _ id: JobID) async throws -> String? {
        try await redis.send(["HGET", "{lh:00}:files:\(id)", .string("\(index).\(name)")]).text
    }

    func downloads() async throws -> Int {
        struct Statistics: Decodable { var requests: [String: Int] }
        let answer = try await http.send(HTTPRequest(.get, "\(sandboxURL)/_sandbox/stats"))
        return try JSONDecoder().decode(Statistics.self, from: Data(answer.body)).requests["download"] ?? 0
    }
}
