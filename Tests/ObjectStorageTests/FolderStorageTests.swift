import Foundation
import Testing

@testable import ObjectStorage

@Suite("A folder") struct FolderStorageTests {
    @Test(
        "is never left, and names of unfinished files are not allowed",
        arguments: [
            "..", "../x", "a/../../x", "/etc/x", "a//b", "a/", ".", "a/./b", ".longhaul-0.partial", "a/.longhaul-x.partial/b",
        ])
    func outside(key: String) async throws {
        try await withFolder { storage, root in
            let error = await #expect(throws: ObjectStorageError.self) {
                try await storage.put(key: key, bytes: [1], contentType: "x/y")
            }
            #expect(error?.kind == .invalidKey)
            #expect(!FileManager.default.fileExists(atPath: root))
        }
    }

    @Test("holds an unfinished file under a hidden name in the folder of the finished one") func partial() async throws {
        try await withFolder { storage, root in
            let upload = try await storage.upload(key: "d/e/f.csv", contentType: "text/csv")
            try await upload.write(bytes(2 << 20))
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/d/e")
            #expect(names.count == 1)
            #expect(names.allSatisfy { $0.hasPrefix(".longhaul-") && $0.hasSuffix(".partial") })
            try await upload.finishParts()
            try await upload.commit()
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/d/e") == ["f.csv"])
            #expect(storage.url(key: "d/e/f.csv") == "file://\(root)/d/e/f.csv")
        }
    }

    @Test("keeps recent unfinished files") func young() async throws {
        try await withFolder { storage, _ in
            let upload = try await storage.upload(key: "d/k", contentType: "x/y")
            try await upload.write(bytes(2 << 20))
            #expect(try await storage.removeStaleUploads(olderThan: .seconds(3600)) == 0)
            try await upload.finishParts()
            try await upload.commit()
            #expect(try await storage.head(key: "d/k")?.bytes == 2 << 20)
        }
    }

    @Test("that cannot be written is reported") func notWritable() async throws {
        let storage = FolderStorage(path: "/proc/longhaul", logger: quiet)
        let error = await #expect(throws: ObjectStorageError.self) { try await storage.check() }
        #expect(error?.description.contains("/proc/longhaul") == true)
    }

    @Test("rejects a key below a file, and one that is a folder") func files() async throws {
        try await withFolder { storage, _ in
            try await storage.put(key: "a/b", bytes: [1], contentType: "x/y")
            for key in ["a/b/c", "a"] {
                let error = await #expect(throws: ObjectStorageError.self) {
                    try await storage.put(key: key, bytes: [2], contentType: "x/y")
                }
                #expect(error?.kind == .invalidKey)
            }
            #expect(try await storage.head(key: "a") == nil)
            #expect(try await storage.head(key: "a/b/c") == nil)
            #expect(try await storage.removeStaleUploads(olderThan: .zero) == 0)
        }
    }
}
