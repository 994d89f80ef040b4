import Crypto
import Encoding
import EventThread
import ExportCore
import ObjectStorage

/// The objects of one file, before they become visible.
///
/// No object gets its final name before the whole file is read and verified: an archive's entry may have a correct CRC of its own and
/// still belong to a corrupt file. So all entries of an archive wait for its end, in bounded memory:
/// - an object over 8 MiB is uploaded as it arrives, without its final name;
/// - smaller objects stay in memory, up to `WorkerConfiguration.stagedBytes` in total, then in a temporary file. Each is one PUT at the
///   end, several at once. Uploaded earlier, each would cost three requests in sequence.
///
/// The manifest's entry of each object stays in memory too; `ArchiveLimits.maxEntries` bounds it.
actor StagedObjects {
    private struct Staged: Sendable {
        let content: Content
        let object: StoredObject
    }

    private enum Content: Sendable {
        case memory([UInt8])
        case spool(Range<Int64>)
        case upload(any ObjectUpload)
    }

    private struct Open {
        let name: String
        let key: String
        let listedName: String?
        var small: [UInt8] = []
        var upload: (any ObjectUpload)?
        var bytes: Int64 = 0
        var hash = SHA256()
    }

    private let storage: any ObjectStorage
    private let spool: Spool
    private let source: String
    private let budget: Int
    private var kept = 0
    private var open: Open?
    private var staged: [Staged] = []
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// A larger object is worth a multipart upload.
    private static let smallBytes = 8 << 20
    /// Concurrent requests that name objects, or remove uploads.
    private static let concurrency = 8

    /// - Parameters:
    ///   - source: the file's URL, for the manifest.
    ///   - budget: bytes of small objects that may stay in memory.
    init(in storage: any ObjectStorage, spool: Spool, source: String, budget: Int, on thread: EventThread) {
        self.storage = storage
        self.spool = spool
        self.source = source
        self.budget = budget
        self.thread = thread
    }

    /// Begins the next object, after `end` of the previous one.
    /// - Parameter listedName: for the manifest.
    func begin(name: String, key: String, listedName: String? = nil) { open = Open(name: name, key: key, listedName: listedName) }

    func write(_ bytes: [UInt8]) async throws {
        guard let current = open else { return }
        open?.bytes += Int64(bytes.count)
        bytes.withUnsafeBytes { open?.hash.update(bufferPointer: $0) }
        if let upload = current.upload { return try await upload.write(bytes) }
        open?.small += bytes
        guard current.small.count + bytes.count > Self.smallBytes else { return }
        let upload = try await storage.upload(key: current.key, contentType: ContentType.of(current.name))
        let small = open?.small ?? []
        open?.upload = upload
        open?.small = []
        try await upload.write(small)
    }

    /// Ends the current object.
    func end() async throws {
        guard let ended = open else { return }
        let content: Content
        if let upload = ended.upload {
            try await upload.finishParts()
            content = .upload(upload)
        } else if kept + ended.small.count <= budget {
            kept += ended.small.count
            content = .memory(ended.small)
        } else {
            content = .spool(try await spool.append(ended.small))
        }
        let object = StoredObject(
            name: ended.name, source: source, bytes: ended.bytes, sha256: Hexadecimal.text(ended.hash.finalize()), key: ended.key,
            listedName: ended.listedName)
        staged.append(Staged(content: content, object: object))
        open = nil
    }

    /// Gives all objects their final names while the lease is held.
    /// - Returns: the objects in the order of `begin`, with their full keys in the bucket.
    func commit(under lease: FileLease) async throws -> [StoredObject] {
        let (storage, spool) = (storage, spool)
        try await forEach(staged) { staged in
            let key = staged.object.key
            let contentType = ContentType.of(staged.object.name)
            switch staged.content {
            case .memory(let bytes):
                try await lease.requireHeld()
                try await storage.put(key: key, bytes: bytes, contentType: contentType)
            case .spool(let range):
                let bytes = try await spool.read(range)
                try await lease.requireHeld()
                try await storage.put(key: key, bytes: bytes, contentType: contentType)
            case .upload(let upload):
                try await lease.requireHeld()
                try await upload.commit()
            }
        }
        defer { staged = [] }
        return staged.map { staged in
            var object = staged.object
            object.key = storage.fullKey(object.key)
            return object
        }
    }

    /// Removes objects without a final name. Committed objects stay.
    func abort() async {
        var uploads = staged.compactMap { staged -> (any ObjectUpload)? in
            if case .upload(let upload) = staged.content { upload } else { nil }
        }
        if let upload = open?.upload { uploads.append(upload) }
        (staged, open) = ([], nil)
        await forEach(uploads) { await $0.abort() }
    }

    private func forEach<Element: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Void
    ) async rethrows {
        // The usual case: a separate task would cost more than the rest of this function.
        if elements.count == 1 { return try await body(elements[0]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, element) in elements.enumerated() {
                if index >= Self.concurrency { try await group.next() }
                group.addTask { try await body(element) }
            }
            try await group.waitForAll()
        }
    }
}
