import ExportCore
import Foundation
import JobStore
import ObjectStorage
import TestServers
import Testing

@testable import Worker

@Suite("A delivered export", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct CleanupTests {
    private static let handle = #"{"id":"e-1"}"#
    private static let removal = "DELETE /exports/e-1"

    /// The key `cleanup` of the provider file.
    private static func cleanup(_ api: StubServer) -> String { "cleanup: DELETE \(api.url)/exports/{{ .export.id }}\n" }

    /// The job is completed by a worker that has nothing but its manifest to write.
    private static func complete(_ fixture: WorkerFixture, handle: String = CleanupTests.handle) async throws -> JobID {
        let id = try await fixture.store(fixture.request("job-1"), [], handle: handle)
        var configuration = WorkerFixture.configuration
        configuration.lease = .seconds(30)
        try await fixture.withWorker(configuration) { _ in
            try await fixture.publishManifest(id)
            #expect(try await fixture.end(of: id).state.status == .completed)
        }
        return id
    }

    private static func completion(_ fixture: WorkerFixture, _ id: JobID) async throws -> String? {
        try await fixture.store.history(of: id).last { $0.what == JobStatus.completed.rawValue }?.detail
    }

    @Test("says in its manifest what is missing, if it is partial", arguments: ["2 regions are missing", nil] as [String?])
    func partial(missing: String?) async throws {
        struct Partial: Decodable { var partial: String? }
        var handle = ExportHandle(Self.handle)
        handle.partial = missing
        try await WorkerFixture.run { fixture in
            let id = try await Self.complete(fixture, handle: handle.text)
            let bytes = try await fixture.storage.get(key: ObjectKey(try await fixture.job(id)).manifest, maxBytes: 1 << 20)
            #expect(try JSONDecoder().decode(Partial.self, from: Data(bytes)).partial == missing)
            #expect(String(decoding: bytes, as: UTF8.self).contains("\"partial\"") == (missing != nil))
        }
    }

    @Test("is removed at the provider once the manifest is visible, and before the job is completed") func order() async throws {
        let mayAnswer = DispatchSemaphore(value: 0)
        let api = try StubServer { _ in
            _ = mayAnswer.wait(timeout: .now() + 60)
            return StubResponse(status: 204)
        }
        defer { api.stop() }
        let pages = ScriptedFiles(["/a.csv": [.init("id\n1\n")]])
        defer { pages.stop() }
        try await WorkerFixture.run(provider: Self.cleanup(api)) { fixture in
            let task = FileTask(name: "a.csv", url: pages.url("/a.csv"), listedName: "a.csv")
            let id = try await fixture.store(fixture.request("job-1"), [task], handle: Self.handle)
            var configuration = WorkerFixture.configuration
            configuration.lease = .seconds(30)
            try await fixture.withWorker(configuration) { _ in
                try await fixture.publish(id, files: 0..<1)
                try await eventually(within: WorkerFixture.deadline, "the removal") { !api.requests.isEmpty }
                #expect(try await fixture.manifest(of: id).objects.map(\.name) == ["a.csv"])
                #expect(try await fixture.job(id).state.status == .processing)
                mayAnswer.signal()
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            #expect(api.lines == [Self.removal])
            #expect(try await Self.completion(fixture, id) == "1 files")
        }
    }

    @Test("counts as removed if it is not there any more", arguments: [404, 410]) func gone(status: Int) async throws {
        let api = try StubServer { _ in .text("no such export", status: status) }
        defer { api.stop() }
        try await WorkerFixture.run(provider: Self.cleanup(api)) { fixture in
            let id = try await Self.complete(fixture)
            #expect(try await Self.completion(fixture, id) == "0 files")
            #expect(api.lines == [Self.removal])
        }
    }

    @Test(
        "completes its job also if it cannot be removed in three attempts, or in one that no other can help; the history says why",
        arguments: [(500, 3), (400, 1)])
    func failed(status: Int, tries: Int) async throws {
        let api = try StubServer { _ in .text("not now", status: status) }
        defer { api.stop() }
        try await WorkerFixture.run(provider: Self.cleanup(api)) { fixture in
            let id = try await Self.complete(fixture)
            #expect(try await Self.completion(fixture, id) == "0 files; the export stays at its provider: http-\(status)")
            #expect(api.lines == Array(repeating: Self.removal, count: tries))
            #expect(try await fixture.manifest(of: id).files == 0)
            #expect(try await fixture.job(id).error == nil)
        }
    }

    @Test("is the only one that is removed: that of a failed job stays") func failedJob() async throws {
        let api = try StubServer { _ in StubResponse(status: 204) }
        defer { api.stop() }
        let files = ScriptedFiles(["/a.csv": [.init("no", status: 402)]])
        defer { files.stop() }
        try await WorkerFixture.run(provider: Self.cleanup(api)) { fixture in
            let task = FileTask(name: "a.csv", url: files.url("/a.csv"), listedName: "a.csv")
            let id = try await fixture.store(fixture.request("job-1"), [task], handle: Self.handle)
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<1)
                #expect(try await fixture.end(of: id).state.status == .failed)
            }
            #expect(api.requests.isEmpty)
        }
    }

    @Test("holds a gzip as it is if the listing says so of that file") func unpack() async throws {
        let rows = Array("id\n1\n".utf8)
        let packed = try Packed.gzip(rows)
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(["a.csv.gz": [.init(packed)], "b.csv.gz": [.init(packed)]]) { file in
                if file.name == "a.csv.gz" { file.unpack = "none" }
            }
            #expect(result.objects == ["a.csv.gz": packed, "b.csv": rows])
            #expect(result.failures.isEmpty)
        }
    }
}
