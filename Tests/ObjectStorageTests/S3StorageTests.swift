import AWSSignature
import EventThread
import Foundation
import HTTPClient
import TestServers
import Testing

@testable import ObjectStorage

@Suite("An S3 bucket", .needsServers, .timeLimit(.minutes(5))) struct S3StorageTests {
    @Test("accepts keys that are not paths", arguments: ["a//b", "/a", "a/", "a/./b", "a/../b", "..", "./a"]) func keys(key: String)
        async throws
    {
        try await withS3 { storage, _ in
            try await storage.put(key: key, bytes: Array(key.utf8), contentType: "text/plain")
            #expect(try await storage.get(key: key, maxBytes: 100) == Array(key.utf8))
            let others = ["a/b", "a", "b"].filter { $0 != key }
            for other in others { #expect(try await !storage.exists(key: other), "\(other)") }
        }
    }

    @Test("keeps content type and metadata of a PUT and of a multipart upload", arguments: [10, 9 << 20]) func metadata(size: Int)
        async throws
    {
        try await withS3 { storage, _ in
            let upload = try await storage.upload(key: "k", contentType: "text/csv; charset=utf-8", metadata: ["sha256": "abc"])
            try await upload.write(bytes(size))
            try await upload.finishParts()
            try await upload.commit()
            let object = try #require(try await storage.head(key: "k"))
            #expect(object.contentType == "text/csv; charset=utf-8")
            #expect(object.metadata["sha256"] == "abc")
        }
    }

    @Test("treats a completion as done when only its response was lost") func lostAnswer() async throws {
        try await withS3 { storage, _ in
            let lost = try await upload(9 << 20, to: "k", of: storage)
            let prefix = storage.client.configuration.fullKey("k")
            let ids = try await storage.client.listUploads(prefix: prefix, startedBefore: .zero)
            let id = try #require(ids.first?.id)
            // The requests of an attempt of the upload itself, with their responses discarded.
            try await storage.client.completeUpload(id, fullKey: prefix, parts: await lost.storedParts)
            try await lost.commit()
            #expect(try await storage.head(key: "k")?.bytes == 9 << 20)
        }
    }

    @Test("does not treat another upload's object as its own") func othersObject() async throws {
        try await withS3 { storage, _ in
            let mine = try await upload(9 << 20, to: "k", of: storage)
            #expect(try await storage.removeStaleUploads(olderThan: .zero) == 1)
            try await storage.put(key: "k", bytes: [1], contentType: "text/plain")
            // S3 returns NoSuchUpload, other servers return other codes.
            await #expect(throws: ObjectStorageError.self) { try await mine.commit() }
            #expect(try await storage.get(key: "k", maxBytes: 10) == [1])
        }
    }

    private func upload(_ size: Int, to key: String, of storage: S3Storage) async throws -> S3Upload {
        let upload = try #require(try await storage.upload(key: key, contentType: "text/plain") as? S3Upload)
        try await upload.write(bytes(size))
        try await upload.finishParts()
        return upload
    }

    @Test("holds at most two parts of an upload in memory") func memory() async throws {
        try await withS3 { storage, _ in
            let upload = try #require(try await storage.upload(key: "k", contentType: "text/plain") as? S3Upload)
            let chunk = bytes(1 << 20)
            for _ in 0..<40 {
                try await upload.write(chunk)
                #expect(await upload.bytesHeld <= 2 * PartPlan.firstPartBytes)
            }
            await upload.abort()
            #expect(await upload.bytesHeld == 0)
        }
    }

    @Test("aborts the upload of a cancelled task") func cancelled() async throws {
        try await withS3 { storage, _ in
            let (begun, signal) = AsyncStream.makeStream(of: Void.self)
            let task = Task<Void, any Error> {
                let upload = try await storage.upload(key: "k", contentType: "text/plain")
                do {
                    while true {
                        try await upload.write(bytes(3 << 20))
                        signal.yield()
                    }
                } catch {
                    await upload.abort()
                    throw error
                }
            }
            var count = 0
            for await _ in begun {
                count += 1
                if count == 4 { break }
            }
            task.cancel()
            let error = await #expect(throws: ObjectStorageError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            let left = try await storage.removeStaleUploads(olderThan: .zero)
            #expect(left == 0)
        }
    }

    @Test("that does not exist is reported by the check") func noBucket() async throws {
        try await withS3 { _, http in
            let storage = S3Storage(
                try s3Configuration(bucket: "missing-\(UUID().uuidString.lowercased())"), http: http, logger: quiet)
            let error = await #expect(throws: ObjectStorageError.self) { try await storage.check() }
            #expect(error?.kind == .noSuchBucket)
            #expect(error?.description.contains("s3://missing-") == true)
        }
    }

    @Test("is created once") func created() async throws {
        try await withS3 { storage, _ in try await storage.createBucketIfMissing() }
    }

    @Test("that cannot be reached is a transient failure") func unreachable() async throws {
        try await withS3 { _, http in
            let configuration = try S3Configuration(
                bucket: "bucket", credentials: AWSCredentials(accessKeyID: "A", secretAccessKey: "hunter2"),
                endpoint: "http://127.0.0.1:1")
            let error = await #expect(throws: ObjectStorageError.self) {
                try await S3Storage(configuration, http: http, logger: quiet).check()
            }
            #expect(error?.kind == .connection)
            #expect(error?.isRetriable == true)
            #expect(error?.description.contains("hunter2") == false)
        }
    }
}
