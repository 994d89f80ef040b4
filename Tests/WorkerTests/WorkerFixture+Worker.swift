import Crypto
import Encoding
import ExportCore
import Foundation
import HTTPClient
import JobStore
import ObjectStorage
import ProviderAPI
import ServiceLifecycle
import TestServers
import Testing

@testable import Worker

/// A running worker, and how to end it.
struct RunningWorker: Sendable {
    let service: WorkerService
    let group: ServiceGroup
    let task: Task<Void, any Error>

    /// Like SIGTERM; returns when `run` has returned.
    func shutDown() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
    }
}

/// The content of a manifest.
struct Manifest: Decodable {
    struct Object: Decodable, Equatable {
        var name: String
        var source: String
        var bytes: Int64
        var sha256: String
        var key: String
        var listedName: String?
    }

    struct Skipped: Decodable {
        var name: String
        var source: String
        var errorCode: String
    }

    var exportJobId: String
    var provider: String
    var location: String
    var files: Int
    var objects: [Object]
    var skipped: [Skipped]?
}

extension WorkerFixture {
    static let configuration = WorkerConfiguration(lease: .seconds(5), transfers: 4, shutdownGrace: .seconds(5))

    /// Runs a worker during `body` and shuts it down.
    func withWorker(
        _ configuration: WorkerConfiguration = configuration, storage: (any ObjectStorage)? = nil,
        _ body: (RunningWorker) async throws -> Void
    ) async throws {
        let worker = start(configuration, storage: storage)
        do {
            try await body(worker)
        } catch {
            worker.task.cancel()
            throw error
        }
        try await worker.shutDown()
    }

    /// - Parameter providers: the fixture's provider, unless given.
    func start(
        _ configuration: WorkerConfiguration = configuration, storage: (any ObjectStorage)? = nil,
        providers: [String: ProviderClient]? = nil
    ) -> RunningWorker {
        let service = WorkerService(
            configuration: configuration, rabbitMQ: rabbitMQ, store: store, providers: providers ?? ["acme": provider],
            storage: storage ?? self.storage, thread: thread, logger: quiet)
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [.init(service: service)], logger: quiet))
        return RunningWorker(service: service, group: group, task: Task { try await group.run() })
    }

    func manifest(of id: JobID) async throws -> Manifest {
        let job = try await store.job(id).unwrapped("job")
        let bytes = try await storage.get(key: ObjectKey(job).manifest, maxBytes: 16 << 20)
        return try JSONDecoder().decode(Manifest.self, from: Data(bytes))
    }

    /// Reads every object back and compares it with the manifest and with the sandbox's data.
    func verify(_ id: JobID, _ truth: Truth) async throws {
        let manifest = try await manifest(of: id)
        #expect(manifest.exportJobId == id.text)
        #expect(manifest.files == truth.files.count)
        #expect(manifest.objects.map(\.name).sorted() == truth.objects.keys.sorted())
        let keys = ObjectKey(try await store.job(id).unwrapped("job"))
        for object in manifest.objects {
            let expected = try truth.objects[object.name].unwrapped("object \(object.name) in truth")
            #expect((object.bytes, object.sha256) == expected)
            let key = keys.object(object.name)
            #expect(object.key == storage.fullKey(key))
            let bytes = try await storage.get(key: key, maxBytes: 64 << 20)
            #expect(Hexadecimal.text(SHA256.hash(data: bytes)) == expected.sha256)
            #expect(!object.source.contains("signature"))
        }
    }

    /// Expects that a job has no object with a final name.
    func expectNothingVisible(of id: JobID, _ truth: Truth) async throws {
        let key = ObjectKey(try await store.job(id).unwrapped("job"))
        for name in truth.objects.keys {
            let isThere = try await storage.exists(key: key.object(name))
            #expect(!isThere, "\(name) is visible")
        }
        let isComplete = try await storage.exists(key: key.manifest)
        #expect(!isComplete, "there is a manifest")
    }

    /// Whether the bucket holds parts of an unfinished upload; moto requires no signature.
    func hasPartialUploads() async throws -> Bool {
        let bucket = storage.url(key: "").split(separator: "/")[1]
        let answer = try await http.send(HTTPRequest(.get, "\(SharedServers.s3Endpoint)/\(bucket)?uploads"))
        return String(decoding: answer.body, as: UTF8.self).contains("<Upload>")
    }

    func expectNoPartialUploads() async throws {
        let left = try await storage.removeStaleUploads(olderThan: .zero)
        #expect(left == 0)
    }
}
