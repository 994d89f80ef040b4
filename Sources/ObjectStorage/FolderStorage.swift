import EventThread
import ExportCore
import Glibc
import Logging

/// A folder of a file system, for development and for a mounted share. An object is a file below the root at its key's path; its
/// content type and metadata are not stored. This type creates no links; existing links within the tree are followed.
///
/// Every call that uses the disk runs on a thread that may block.
public struct FolderStorage: ObjectStorage {
    let root: String
    let logger: Logger

    /// - Parameter path: absolute; created with the first object.
    public init(path: String, logger: Logger) {
        root = path == "/" ? "" : path
        self.logger = logger
    }

    public func fullKey(_ key: String) -> String { key }

    public func url(key: String) -> String { "file://\(root)/\(key)" }

    public func upload(
        key: String, contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError) -> any ObjectUpload {
        FolderUpload(try path(key, "upload"), logger: logger)
    }

    public func put(
        key: String, bytes: [UInt8], contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError) {
        let path = try path(key, "put")
        try await offThread("put") { () throws(FileError) in
            let file = try PartialFile(for: path, holding: bytes)
            do throws(FileError) {
                try file.rename()
            } catch {
                file.remove()
                throw error
            }
        }
    }

    public func get(key: String, maxBytes: Int) async throws(ObjectStorageError) -> [UInt8] {
        let path = try path(key, "get")
        let bytes = try await offThread("get") { () throws(FileError) in try FileSystem.read(path, atMost: maxBytes + 1) }
        guard let bytes else { throw ObjectStorageError(.notFound, "get", url(key: key), "no such file") }
        if bytes.count > maxBytes { throw ObjectStorageError(.tooLarge, "get", url(key: key), "longer than \(maxBytes) bytes") }
        return bytes
    }

    public func head(key: String) async throws(ObjectStorageError) -> ObjectInfo? {
        let path = try path(key, "head")
        return try await offThread("head") { () throws(FileError) in
            try FileSystem.size(path).map { ObjectInfo(bytes: $0, contentType: nil, metadata: [:]) }
        }
    }

    public func list(prefix: String, after token: String?) async throws(ObjectStorageError) -> ObjectPage {
        // The deepest folder that holds all of them.
        let folder = prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
        let start = folder.isEmpty ? root : try path(folder, "list")
        let (root, length) = (root, root.utf8.count + 1)
        let paths = try await offThread("list") { () throws(FileError) in
            try FileSystem.files(below: start.isEmpty ? "/" : start, prefix: "\(root)/\(prefix)")
        }
        return ObjectPage(keys: paths.map { String($0.utf8.dropFirst(length)) ?? "" }, next: nil)
    }

    public func delete(keys: [String]) async throws(ObjectStorageError) {
        let paths = try keys.map { (key) throws(ObjectStorageError) in try path(key, "delete") }
        try await offThread("delete") { () throws(FileError) in
            for path in paths where unlink(path) != 0 {
                let error = FileError("unlink", path)
                if error.number != ENOENT && error.number != ENOTDIR { throw error }
            }
        }
    }

    public func check() async throws(ObjectStorageError) {
        let path = root + "/.longhaul-check"
        try await offThread("check") { () throws(FileError) in
            try PartialFile(for: path, holding: [1]).remove()
        }
    }

    public func removeStaleUploads(olderThan age: Duration) async throws(ObjectStorageError) -> Int {
        let root = root
        return try await offThread("remove stale uploads") { () throws(FileError) in
            try FileSystem.removePartialFiles(
                below: root.isEmpty ? "/" : root, changedBefore: Int64(time(nil)) - age.components.seconds)
        }
    }
}

extension FolderStorage {
    /// The key's path, which is always below the root.
    private func path(_ key: String, _ operation: String) throws(ObjectStorageError) -> String {
        func refuse(_ reason: String) -> ObjectStorageError {
            ObjectStorageError(.invalidKey, operation, "file://\(root)", "the key \(key.prefix(100).debugDescription) \(reason)")
        }
        if key.utf8.count > 1024 { throw refuse("is longer than 1024 bytes") }
        // C0, DEL and C1, without Unicode table lookups.
        if key.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            throw refuse("contains a control character")
        }
        // By bytes, as the file system does: a slash with a combining character behind it is a slash there.
        for component in key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.isEmpty || component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) {
                throw refuse("contains an empty part, '.' or '..'")
            }
            if component.count > 255 { throw refuse("has a part of more than 255 bytes") }
            if PartialFile.isPartial(Substring(component)) { throw refuse("has a name reserved for unfinished files") }
        }
        return "\(root)/\(key)"
    }

    private func offThread<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable () throws(FileError) -> Value
    ) async throws(ObjectStorageError) -> Value {
        try await FileSystem.offThread(operation, "file://\(root)", body)
    }
}
