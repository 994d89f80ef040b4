import EventThread
import ExportCore
import Glibc

/// A failed system call with its `errno`.
struct FileError: Error {
    let call: String
    let path: String
    let number: Int32

    init(_ call: String, _ path: String, _ number: Int32 = errno) {
        (self.call, self.path, self.number) = (call, path, number)
    }

    func error(_ operation: String, _ object: String) -> ObjectStorageError {
        let kind: ObjectStorageError.Kind =
            switch number {
            case EACCES, EPERM, EROFS: .accessDenied
            case ENOSPC, EDQUOT: .full
            case EFBIG: .tooLarge
            case ENAMETOOLONG, ENOTDIR, EISDIR, ELOOP: .invalidKey
            default: .unavailable
            }
        return ObjectStorageError(kind, operation, object, "\(call) \(path): \(String(cString: strerror(number)))")
    }
}

/// Blocking file system calls, and a way to run them without blocking the caller.
enum FileSystem {
    private static let threads = BlockingThreads(name: "folder")

    static func offThread<Value: Sendable>(
        _ operation: String, _ object: String, _ body: @escaping @Sendable () throws(FileError) -> Value
    ) async throws(ObjectStorageError) -> Value {
        do {
            return try await threads.run { try body() }
        } catch let error as FileError {
            throw error.error(operation, object)
        } catch {
            throw ObjectStorageError(.unavailable, operation, object, "\(error)")
        }
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    static func withFile<Value>(
        _ path: String, _ flags: Int32, _ body: (Int32) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let descriptor = open(path, flags | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        return try body(descriptor)
    }

    static func sync(_ path: String, _ flags: Int32) throws(FileError) {
        try withFile(path, flags) { (descriptor) throws(FileError) in
            if fsync(descriptor) != 0 { throw FileError("fsync", path) }
        }
    }

    /// Creates a folder and its missing parents, each synced to disk in its parent.
    static func makeFolder(_ path: String) throws(FileError) {
        if try makeOneFolder(path) { return }
        try makeFolder(folder(of: path))
        // No loop: some file systems return ENOENT even if the parent exists.
        if try !makeOneFolder(path) { throw FileError("mkdir", path, ENOENT) }
    }

    /// Returns `false` if the parent folder is missing.
    private static func makeOneFolder(_ path: String) throws(FileError) -> Bool {
        if mkdir(path, 0o777) == 0 {
            try sync(folder(of: path), O_RDONLY | O_DIRECTORY)
            return true
        }
        let error = FileError("mkdir", path)
        switch error.number {
        case EEXIST: return true
        case ENOENT where path != "/": return false
        default: throw error
        }
    }

    /// The size of a regular file; `nil` if it does not exist.
    static func size(_ path: String) throws(FileError) -> Int64? {
        var status = stat()
        if stat(path, &status) != 0 {
            let error = FileError("stat", path)
            if error.number == ENOENT || error.number == ENOTDIR { return nil }
            throw error
        }
        return status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    /// The first bytes of a regular file; `nil` if it does not exist.
    static func read(_ path: String, atMost limit: Int) throws(FileError) -> [UInt8]? {
        guard let size = try size(path) else { return nil }
        return try withFile(path, O_RDONLY) { (descriptor) throws(FileError) in
            var bytes = [UInt8](repeating: 0, count: min(limit, Int(size)))
            var position = 0
            while position < bytes.count {
                let wanted = bytes.count - position
                let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + position }, wanted) }
                if count < 0, errno == EINTR { continue }
                if count < 0 { throw FileError("read", path) }
                if count == 0 { break }
                position += count
            }
            return Array(bytes.prefix(position))
        }
    }

    /// Removes unfinished files last modified before `limit` (seconds since 1970). Returns the number removed.
    static func removePartialFiles(below root: String, changedBefore limit: Int64) throws(FileError) -> Int {
        var removed = 0
        try forEachFile(below: root) { path, name, status in
            if PartialFile.isPartial(name), Int64(status.st_mtim.tv_sec) <= limit, unlink(path) == 0 { removed += 1 }
        }
        return removed
    }

    /// The finished files whose paths begin with `prefix`.
    static func files(below root: String, prefix: String) throws(FileError) -> [String] {
        var files: [String] = []
        try forEachFile(below: root) { path, name, status in
            let isFile = status.st_mode & S_IFMT == S_IFREG && !PartialFile.isPartial(name)
            if isFile, path.utf8.starts(with: prefix.utf8) { files.append(path) }
        }
        return files
    }

    /// Everything but folders, without following links.
    private static func forEachFile(below root: String, _ body: (_ path: String, _ name: String, stat) -> Void) throws(FileError) {
        var folders = [root]
        while let folder = folders.popLast() {
            guard let stream = opendir(folder) else {
                let error = FileError("opendir", folder)
                // Not created yet, or removed in the meantime.
                if error.number == ENOENT || error.number == ENOTDIR { continue }
                throw error
            }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                if name == "." || name == ".." { continue }
                let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { folders.append(path) } else { body(path, name, status) }
            }
        }
    }
}
