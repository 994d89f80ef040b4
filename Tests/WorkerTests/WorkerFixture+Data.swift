import ExportCore
import JobStore
import ObjectStorage
import ProviderAPI
import TestServers

@testable import Worker

/// What became of an export whose answers hold the data.
struct DataResult {
    let job: Job
    /// In the order of the manifest; empty without a manifest.
    var names: [String] = []
    /// The content of the objects, by name.
    var objects: [String: String] = [:]
    let failures: [String]
    /// How often each page was asked for.
    let requests: [String: Int]
}

extension WorkerFixture {
    /// Runs a worker for the job `job-1`, whose pages are at `/rows` and `/rows?page=TOKEN`, during `body`.
    /// - Parameter files: keys of `files` besides the request, in flow style.
    func withPages(
        _ files: String, _ server: ScriptedFiles, configuration: WorkerConfiguration = configuration,
        _ body: (RunningWorker, JobID) async throws -> Void
    ) async throws {
        let yaml = """
            provider: acme
            baseURL: \(server.url(""))
            create: { request: POST /exports, export: { id: .response.body.id } }
            status: { request: "GET /exports/{{ .export.id }}", state: .response.body.status, states: { ready: DONE } }
            retry: { attempts: 4, base: 10ms, cap: 50ms }
            files: { request: GET /rows, query: { page: "{{ .page // empty }}" }, \(files) }

            """
        let client = try await ProviderClient.open(
            try ProviderSource(yaml: yaml, file: "acme.yaml"), http: http, on: thread, secrets: .environment([:]))
        let request = try request("job-1"), handle = #"{"id":"e-1"}"#
        // As `FileListing` does it.
        let file = try await client.dataFile(JobContext(request), exportHandle: handle)
        let id = try await store(request, [FileTask(name: file.name, url: file.url, listedName: file.name)], handle: handle)
        let worker = start(configuration, providers: ["acme": client])
        do {
            try await publish(id, files: 0..<1)
            try await body(worker, id)
        } catch {
            worker.task.cancel()
            throw error
        }
        try await worker.shutDown()
    }

    /// Lets a worker transfer scripted pages, until their job has ended.
    /// - Parameters:
    ///   - files: as in `withPages`.
    ///   - pages: the answers by `/rows` and `/rows?page=TOKEN`; the last one of a page is repeated.
    func transferPages(_ files: String, _ pages: [String: [ScriptedFiles.Answer]]) async throws -> DataResult {
        let server = ScriptedFiles(pages)
        defer { server.stop() }
        var ended: Job?
        try await withPages(files, server) { _, id in ended = try await end(of: id) }
        let job = try ended.unwrapped("end")
        var result = DataResult(
            job: job, failures: try await failures(of: job.id),
            requests: Dictionary(uniqueKeysWithValues: pages.keys.map { ($0, server.requests($0)) }))
        let key = ObjectKey(job)
        guard try await storage.exists(key: key.manifest) else { return result }
        for object in try await manifest(of: job.id).objects {
            result.names.append(object.name)
            let bytes = try await storage.get(key: key.object(object.name), maxBytes: 1 << 20)
            result.objects[object.name] = String(decoding: bytes, as: UTF8.self)
        }
        return result
    }

    /// The keys of all objects of a job that have their final names.
    func visible(of id: JobID) async throws -> [String] {
        try await storage.list(prefix: ObjectKey(try await job(id)).folder + "/", after: nil).keys
    }
}
