import Testing

@testable import ObjectStorage

@Suite("Every object storage", .timeLimit(.minutes(5))) struct ConformanceTests {
    @Test(
        "returns what was stored, under keys of all kinds", arguments: StorageUnderTest.allCases,
        [
            "a", "a/b/c.csv", "with space", "plus+plus", "100%", "%20", "日本語/naïve.csv", "e\u{301}", "q?x=1&y#z", "(a)*'!~@:$,;=",
            "trailing. ",
        ])
    func keys(_ kind: StorageUnderTest, key: String) async throws {
        try await kind.run { storage in
            #expect(try await !storage.exists(key: key))
            try await storage.put(key: key, bytes: Array(key.utf8), contentType: "text/csv")
            #expect(try await storage.get(key: key, maxBytes: 1000) == Array(key.utf8))
            #expect(try await storage.head(key: key)?.bytes == Int64(key.utf8.count))
            // Not the same key in another spelling.
            #expect(try await !storage.exists(key: key + "x"))
        }
    }

    @Test(
        "accepts uploads of every size around its part size", arguments: StorageUnderTest.allCases,
        [0, 1, 1 << 20, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, (16 << 20) + 12_345])
    func sizes(_ kind: StorageUnderTest, size: Int) async throws {
        let content = bytes(size)
        try await kind.run { storage in
            let upload = try await storage.upload(key: "d/o", contentType: "application/octet-stream")
            for start in stride(from: 0, to: size, by: 200_000) {
                try await upload.write(Array(content[start..<min(start + 200_000, size)]))
            }
            try await upload.finishParts()
            #expect(try await !storage.exists(key: "d/o"))
            try await upload.commit()
            #expect(try await storage.head(key: "d/o")?.bytes == Int64(size))
            #expect(try await storage.get(key: "d/o", maxBytes: size) == content)
        }
    }

    @Test(
        "shows nothing of an upload before its commit or after its abort", arguments: StorageUnderTest.allCases,
        [100, 9 << 20])
    func invisible(_ kind: StorageUnderTest, size: Int) async throws {
        try await kind.run { storage in
            let upload = try await storage.upload(key: "k", contentType: "text/plain")
            try await upload.write(bytes(size))
            #expect(try await !storage.exists(key: "k"))
            try await upload.finishParts()
            #expect(try await !storage.exists(key: "k"))
            await upload.abort()
            #expect(try await !storage.exists(key: "k"))
            #expect(try await storage.removeStaleUploads(olderThan: .zero) == 0)
        }
    }

    @Test("keeps the old object until the new one is committed", arguments: StorageUnderTest.allCases) func replaced(
        _ kind: StorageUnderTest
    ) async throws {
        try await kind.run { storage in
            try await storage.put(key: "k", bytes: [1], contentType: "text/plain")
            let upload = try await storage.upload(key: "k", contentType: "text/plain")
            try await upload.write([2, 2])
            try await upload.finishParts()
            #expect(try await storage.get(key: "k", maxBytes: 10) == [1])
            try await upload.commit()
            #expect(try await storage.get(key: "k", maxBytes: 10) == [2, 2])
            // A second call, as after a lost response, and a late abort change nothing.
            try await upload.commit()
            await upload.abort()
            #expect(try await storage.get(key: "k", maxBytes: 10) == [2, 2])
        }
    }

    @Test("keeps, of two uploads to one key, the one that is committed last, complete", arguments: StorageUnderTest.allCases)
    func rivals(_ kind: StorageUnderTest) async throws {
        try await kind.run { storage in
            let first = try await storage.upload(key: "k", contentType: "text/plain")
            let second = try await storage.upload(key: "k", contentType: "text/plain")
            try await first.write([1])
            try await second.write([2, 2])
            try await first.finishParts()
            try await second.finishParts()
            try await second.commit()
            try await first.commit()
            #expect(try await storage.get(key: "k", maxBytes: 10) == [1])
        }
    }

    @Test("removes the leftovers of abandoned uploads, and no others", arguments: StorageUnderTest.allCases) func stale(
        _ kind: StorageUnderTest
    ) async throws {
        try await kind.run { storage in
            try await storage.put(key: "d/other", bytes: [1], contentType: "text/plain")
            let upload = try await storage.upload(key: "d/k", contentType: "text/plain")
            try await upload.write(bytes(9 << 20))
            #expect(try await storage.removeStaleUploads(olderThan: .zero) == 1)
            #expect(try await storage.removeStaleUploads(olderThan: .zero) == 0)
            #expect(try await storage.get(key: "d/other", maxBytes: 1) == [1])
            await #expect(throws: ObjectStorageError.self) {
                try await upload.finishParts()
                try await upload.commit()
            }
            #expect(try await !storage.exists(key: "d/k"))
        }
    }

    @Test("passes its own check and leaves nothing behind", arguments: StorageUnderTest.allCases) func check(
        _ kind: StorageUnderTest
    ) async throws {
        try await kind.run { storage in
            try await storage.check()
            #expect(try await storage.removeStaleUploads(olderThan: .zero) == 0)
            #expect(try await !storage.exists(key: ".longhaul-check"))
        }
    }

    @Test("reports missing objects, long keys and invalid keys", arguments: StorageUnderTest.allCases) func errors(_ kind: StorageUnderTest)
        async throws
    {
        try await kind.run { storage in
            var error = await #expect(throws: ObjectStorageError.self) { try await storage.get(key: "none", maxBytes: 10) }
            #expect(error?.kind == .notFound)
            #expect(error?.failure.failureClass == .gone)
            try await storage.put(key: "k", bytes: bytes(11), contentType: "text/plain")
            error = await #expect(throws: ObjectStorageError.self) { try await storage.get(key: "k", maxBytes: 10) }
            #expect(error?.kind == .tooLarge)
            for key in ["", "a\nb", "a\0b", String(repeating: "x/", count: 520)] {
                error = await #expect(throws: ObjectStorageError.self) {
                    try await storage.put(key: key, bytes: [], contentType: "text/plain")
                }
                #expect(error?.kind == .invalidKey)
                #expect(error?.isRetriable == false)
            }
        }
    }

    @Test("lists what begins with a prefix, and removes what it is told", arguments: StorageUnderTest.allCases) func listed(
        _ kind: StorageUnderTest
    ) async throws {
        try await kind.run { storage in
            #expect(try await storage.list(prefix: "d/").keys == [])
            let keys = ["d/a b.csv", "d/e/é&<'.csv", "d/e/f/100%.csv", "dx", "other/a"]
            for key in keys { try await storage.put(key: key, bytes: [1], contentType: "text/csv") }
            let upload = try await storage.upload(key: "d/unfinished", contentType: "text/csv")
            try await upload.write([1])
            try await upload.finishParts()
            #expect(try await storage.all("d/").sorted() == Array(keys.prefix(3)).sorted())
            #expect(try await storage.all("d/e/").sorted() == Array(keys[1..<3]).sorted())
            #expect(try await storage.all("d").sorted() == Array(keys.prefix(4)).sorted())
            #expect(try await storage.all("").sorted() == keys.sorted())
            #expect(try await storage.all("d/a b.csv/") == [])
            await upload.abort()

            try await storage.delete(keys: ["d/a b.csv", "d/e/é&<'.csv", "d/none", "d/none/none"])
            #expect(try await storage.all("").sorted() == ["d/e/f/100%.csv", "dx", "other/a"])
            try await storage.delete(keys: [])
            let error = await #expect(throws: ObjectStorageError.self) { try await storage.delete(keys: ["a\nb"]) }
            #expect(error?.kind == .invalidKey)
        }
    }

    @Test("lists many objects in pages, and removes them all", arguments: StorageUnderTest.allCases) func manyListed(
        _ kind: StorageUnderTest
    ) async throws {
        try await kind.run { storage in
            let keys = (0..<1005).map { "many/\($0)" }
            for key in keys { try await storage.put(key: key, bytes: [], contentType: "text/csv") }
            let found = try await storage.all("many/")
            #expect(found.sorted() == keys.sorted())
            try await storage.delete(keys: found)
            #expect(try await storage.all("many/") == [])
        }
    }

    @Test("rejects calls in the wrong order", arguments: StorageUnderTest.allCases) func misuse(_ kind: StorageUnderTest)
        async throws
    {
        try await kind.run { storage in
            let upload = try await storage.upload(key: "k", contentType: "text/plain")
            var error = await #expect(throws: ObjectStorageError.self) { try await upload.commit() }
            #expect(error?.kind == .misuse)
            try await upload.finishParts()
            error = await #expect(throws: ObjectStorageError.self) { try await upload.write([1]) }
            #expect(error?.kind == .misuse)
            await upload.abort()
            error = await #expect(throws: ObjectStorageError.self) { try await upload.commit() }
            #expect(error?.kind == .misuse)
            #expect(try await !storage.exists(key: "k"))
        }
    }
}

extension ObjectStorage {
    /// All keys that begin with a prefix.
    fileprivate func all(_ prefix: String) async throws -> [String] {
        var page = try await list(prefix: prefix)
        var keys = page.keys
        while let next = page.next {
            page = try await list(prefix: prefix, after: next)
            keys += page.keys
        }
        return keys
    }
}
