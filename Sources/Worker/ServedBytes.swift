import Crypto
import Encoding
import EventThread
import ExportCore
import HTTPClient
import Metrics
import ObjectStorage

/// The bytes of a file on their way in: counted, hashed, and at the end held against what the provider promised.
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

    /// The next bytes; `nil` when the response has ended whole.
    /// - Throws: `HTTPError`; `size-mismatch` as soon as there are more than promised.
    func next() async throws -> [UInt8]? {
        guard let bytes = try await stream.next() else { return nil }
        count += Int64(bytes.count)
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        received.increment(by: bytes.count)
        if let promised = file.bytes, count > promised { throw Self.mismatch("size-mismatch", "more than \(promised) bytes came") }
        return bytes
    }

    /// Reads what nobody has asked for, and compares.
    /// - Throws: a corrupt `Failure` when the file is not what was promised; `HTTPError`.
    func verify() async throws {
        while try await next() != nil {}
        if let promised = file.bytes, count != promised {
            throw Self.mismatch("size-mismatch", "\(promised) bytes were promised and \(count) came")
        }
        let sha256 = Hexadecimal.text(hash.finalize())
        if let promised = file.sha256?.lowercased(), promised != sha256 {
            throw Self.mismatch("checksum-mismatch", "SHA-256 \(promised.prefix(64)) was promised and \(sha256) came")
        }
    }

    /// Gives the connection back.
    nonisolated func cancel() { stream.cancel() }

    private static func mismatch(_ code: String, _ message: String) -> Failure { Failure(.corrupt, code: code, message: message) }
}
