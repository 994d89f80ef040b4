import Archive
import EventThread
import ExportCore
import HTTPClient
import Metrics

/// The content of a file: its bytes with the content codings of the response undone, and at the end compared with what the provider
/// promised.
actor FileBody {
    nonisolated let headers: HTTPHeaders
    nonisolated let status: Int
    private nonisolated let served: ServedBytes
    private let file: FileTask
    private let decoders: [ContentDecoder]
    /// Of the content, while there are codings to undo and a checksum to compare.
    private var decoded: Tally?
    private var beginning: [UInt8] = []
    private let limits: ArchiveLimits
    /// Bytes of the content so far.
    private var contentCount: Int64 = 0
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Whether the response was said to have codings that can be undone.
    nonisolated let isCoded: Bool

    private static let maxCodings = 2

    /// - Throws: `too-many-codings`, permanent.
    init(
        _ stream: HTTPStream, of file: FileTask, limits: ArchiveLimits, received: Counter, on thread: EventThread
    ) throws(Failure) {
        (headers, status, self.file, self.limits, self.thread) = (stream.headers, stream.status, file, limits, thread)
        let codings =
            stream.headers["content-encoding"] == nil
            ? [] : ContentCoding.list(stream.headers.values(of: "content-encoding").joined(separator: ","))
        guard codings.count <= Self.maxCodings else {
            stream.cancel()
            throw Failure(.permanent, code: "too-many-codings", message: "the download has \(codings.count) content codings")
        }
        isCoded = !codings.isEmpty
        let served = ServedBytes(stream, limit: codings.isEmpty ? file.bytes : nil, received: received, on: thread)
        self.served = served
        decoded = codings.isEmpty || (file.bytes == nil && file.sha256 == nil) ? nil : Tally()
        // The last coding was applied last, so it is undone first.
        decoders = codings.reversed().reduce(into: []) { decoders, coding in
            if let previous = decoders.last {
                decoders.append(ContentDecoder(coding, limits: limits) { try await previous.next() })
            } else {
                decoders.append(ContentDecoder(coding, limits: limits) { try await served.next() })
            }
        }
    }

    /// The first bytes, which `next` returns again: fewer than asked for only if the file is shorter.
    func beginning(atLeast count: Int) async throws -> [UInt8] {
        while beginning.count < count, let bytes = try await fetch() {
            if beginning.isEmpty { beginning = bytes } else { beginning += bytes }
        }
        return beginning
    }

    /// - Returns: the next bytes; `nil` after the last.
    /// - Throws: `HTTPError`; a corrupt `Failure` if the file is not what the provider promised, or is not coded as its server says.
    func next() async throws -> [UInt8]? {
        if beginning.isEmpty { return try await fetch() }
        defer { beginning = [] }
        return beginning
    }

    /// Whether a coding was undone: a server may name one that the body does not have.
    var wasDecoded: Bool {
        get async {
            for decoder in decoders where await decoder.isUndone { return true }
            return false
        }
    }

    /// Checks the limits for all that the file is packed in, codings and archive, together.
    /// - Parameter unpacked: bytes so far, out of the archive that the content is.
    /// - Throws: `ArchiveError`.
    func require(unpacked: Int64) async throws { try limits.check(unpacked: unpacked, of: await served.tally.count) }

    /// Reads the rest of the file, and compares. Either the bytes as served or the content may be what was promised.
    /// - Throws: `size-mismatch`, `checksum-mismatch`; as `next`.
    func verify() async throws {
        while try await fetch() != nil {}
        let tally = await served.tally
        try compare("size-mismatch", file.bytes, tally.count, decoded?.count) { "\($0) bytes were promised, \($1) arrived" }
        guard file.sha256 != nil else { return }
        try compare("checksum-mismatch", file.sha256?.lowercased(), tally.sha256, decoded?.sha256) {
            "SHA-256 \($0) was promised, \($1) arrived"
        }
    }

    /// Releases the connection.
    nonisolated func cancel() { served.cancel() }

    private func fetch() async throws -> [UInt8]? {
        guard let last = decoders.last else { return try await served.next() }
        do {
            guard let bytes = try await last.next() else { return nil }
            decoded?.add(bytes)
            contentCount += Int64(bytes.count)
            // Each coding has limits of its own. Two that keep to them could multiply.
            if decoders.count > 1 { try await require(unpacked: contentCount) }
            return bytes
        } catch let error as ArchiveError where error.kind == .corrupt {
            throw Failure(.corrupt, code: "content-encoding-corrupt", message: "the body, as its Content-Encoding says, \(error.message)")
        }
    }

    private func compare<Value: Equatable>(
        _ code: String, _ promised: Value?, _ served: Value, _ decoded: Value?, _ text: (Value, String) -> String
    ) throws(Failure) {
        guard let promised, promised != served, promised != decoded else { return }
        let arrived = decoded.map { $0 == served ? "\(served)" : "\(served) (decoded: \($0))" } ?? "\(served)"
        throw Failure(.corrupt, code: code, message: text(promised, arrived))
    }
}
