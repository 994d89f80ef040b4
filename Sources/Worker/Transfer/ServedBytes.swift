import Crypto
import Encoding
import EventThread
import ExportCore
import HTTPClient
import Metrics

/// Bytes that were counted and hashed.
struct Tally: Sendable {
    private(set) var count: Int64 = 0
    private var hash = SHA256()

    mutating func add(_ bytes: [UInt8]) {
        count += Int64(bytes.count)
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    /// Lower-case hexadecimal.
    var sha256: String { Hexadecimal.text(hash.finalize()) }
}

/// The bytes of a file as they arrive from its server, before any content coding is undone.
actor ServedBytes {
    private nonisolated let stream: HTTPStream
    private let limit: Int64?
    private let received: Counter
    private(set) var tally = Tally()
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter limit: the size that the provider promised, if nothing but these bytes can have it.
    init(_ stream: HTTPStream, limit: Int64?, received: Counter, on thread: EventThread) {
        self.stream = stream
        self.limit = limit
        self.received = received
        self.thread = thread
    }

    /// - Returns: the next bytes; `nil` after the last byte of a complete response.
    /// - Throws: `HTTPError`; `size-mismatch` as soon as more bytes arrive than promised.
    func next() async throws -> [UInt8]? {
        guard let bytes = try await stream.next() else { return nil }
        tally.add(bytes)
        received.increment(by: bytes.count)
        if let limit, tally.count > limit {
            throw Failure(.corrupt, code: "size-mismatch", message: "\(limit) bytes were promised, more arrived")
        }
        return bytes
    }

    /// Releases the connection.
    nonisolated func cancel() { stream.cancel() }
}
