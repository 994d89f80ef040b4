import Crypto
import Encoding
import EventThread
import ExportCore
import HTTPClient
import Metrics
import ObjectStorage

/// The bytes of a file as they arrive: counted, hashed, and at the end compared with what the provider promised.
actor ServedBytes {
    private nonisolated let stream: HTTPStream
    private let file: FileTask
    private let received: Counter
    private var count: Int64 = 0
    private var hash = SHA256()
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ stream: HTTPStream, of file: FileTask, received: Counter, on thread: EventThread) {
        self.stream = stream
        self.file = file
        self.received = received
        self.thread = thread
    }

    /// - Returns: the next bytes; `nil` after the last byte of a complete response.
    /// - Throws: `HTTPError`; `size-mismatch` as soon as more bytes arrive than promised.
    func next() async throws -> [UInt8]? {
        guard let bytes = try await stream.next() else { return nil }
        count += Int64(bytes.count)
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        received.increment(by: bytes.count)
        if let promised = file.bytes, count > promised {
            throw Self.mismatch("size-mismatch", "\(promised) bytes were promised, more arrived")
        }
        return bytes
    }

    /// Reads the rest of the response, and compares.
    /// - Throws: a corrupt `Failure` if the file differs from what the provider promised; `HTTPError`.
    func verify() async throws {
        while try await next() != nil {}
        if let promised = file.bytes, count != promised {
            throw Self.mismatch("size-mismatch", "\(promised) bytes were promised, \(count) arrived")
        }
        let sha256 = Hexadecimal.text(hash.finalize())
        if let promised = file.sha256?.lowercased(), promised != sha256 {
            throw Self.mismatch("checksum-mismatch", "SHA-256 \(promised.prefix(64)) was promised, \(sha256) arrived")
        }
    }

    /// Releases the connection.
    nonisolated func cancel() { stream.cancel() }

    private static func mismatch(_ code: String, _ message: String) -> Failure { Failure(.corrupt, code: code, message: message) }
}
