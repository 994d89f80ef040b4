import EventThread
import ExportCore
import Glibc

/// A temporary file for bytes beyond the memory budget. It has no name, so that the system removes it when the process dies.
///
/// Reads and writes run on threads that may block. Appends are collected until they reach a megabyte.
actor Spool {
    /// An open file, closed with the last reference.
    private final class Descriptor: Sendable {
        let number: Int32
        init(_ number: Int32) { self.number = number }
        deinit { close(number) }
    }

    private let folder: String
    private let limit: Int64
    private var descriptor: Descriptor?
    private var written: Int64 = 0
    private var gathered: [UInt8] = []
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private static let gatherBytes = 1 << 20

    /// - Parameters:
    ///   - folder: on a disk, not in memory.
    ///   - limit: bytes in total.
    init(in folder: String, limit: Int64, on thread: EventThread) {
        self.folder = folder
        self.limit = limit
        self.thread = thread
    }

    /// One caller at a time.
    /// - Returns: the position of the bytes.
    /// - Throws: `spool-limit`, permanent; `spool-io`, transient, such as a full disk or a folder without permission to write.
    func append(_ bytes: [UInt8]) async throws(Failure) -> Range<Int64> {
        let start = written + Int64(gathered.count)
        let end = start + Int64(bytes.count)
        guard end <= limit else {
            throw Failure(
                .permanent, code: "spool-limit", message: "the archive's small entries have more than \(limit) bytes in total")
        }
        gathered += bytes
        if gathered.count >= Self.gatherBytes { try await flush() }
        return start..<end
    }

    /// Any number of callers at a time, after the last `append`.
    /// - Throws: `spool-io`.
    func read(_ range: Range<Int64>) async throws(Failure) -> [UInt8] {
        guard range.lowerBound < written else {
            let offset = Int(range.lowerBound - written)
            return Array(gathered[offset..<offset + range.count])
        }
        let descriptor = try await opened()
        return try await blocking { () throws(SystemError) in try Self.read(range, from: descriptor) }
    }

    private func flush() async throws(Failure) {
        let descriptor = try await opened()
        let (bytes, offset) = (gathered, written)
        try await blocking { () throws(SystemError) in try Self.write(bytes, at: offset, to: descriptor) }
        written += Int64(bytes.count)
        gathered.removeAll(keepingCapacity: true)
    }

    private func opened() async throws(Failure) -> Descriptor {
        if let descriptor { return descriptor }
        let folder = folder
        let opened = try await blocking { () throws(SystemError) in try Self.open(in: folder) }
        descriptor = opened
        return opened
    }

    private func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await Pthread.run("spool", body)
        } catch {
            throw Failure(.transient, code: "spool-io", message: "the temporary file in \(folder): \(error)")
        }
    }
}

extension Spool {
    private struct SystemError: Error, CustomStringConvertible {
        let operation: String
        let number = errno
        var description: String { "\(operation): \(String(cString: strerror(number)))" }
    }

    private static func open(in folder: String) throws(SystemError) -> Descriptor {
        let path = "\(folder)/.longhaul-spool-\(UInt64.random(in: .min ... .max))"
        let number = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw SystemError(operation: "open") }
        let descriptor = Descriptor(number)
        guard unlink(path) == 0 else { throw SystemError(operation: "unlink") }
        return descriptor
    }

    private static func write(_ bytes: [UInt8], at offset: Int64, to descriptor: Descriptor) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor.number, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset) + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError(operation: "write") }
            done += count
        }
    }

    private static func read(_ range: Range<Int64>, from descriptor: Descriptor) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor.number, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(range.lowerBound) + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError(operation: "read") }
            done += count
        }
        return bytes
    }
}
