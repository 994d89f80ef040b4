import CCurl

/// The request body for libcurl's read callback: one chunk at a time.
final class Upload {
    let length: Int64?
    /// The number of bytes that libcurl has taken.
    private(set) var sent: Int64 = 0
    /// Whether libcurl asked for more bytes than were available, and sends nothing until `curl_easy_pause`.
    var isPaused = false
    /// The task that pulls the chunks of a streamed body.
    var source: Task<Void, Never>?
    /// Resumed when the chunk was taken (true) or the transfer is over (false).
    var whenTaken: CheckedContinuation<Bool, Never>?

    private var chunk: [UInt8]
    private var offset = 0
    private var isLast: Bool

    init(_ bytes: [UInt8]) {
        length = Int64(bytes.count)
        chunk = bytes
        isLast = true
    }

    init(streamOf length: Int64?) {
        self.length = length
        chunk = []
        isLast = false
    }

    /// Whether libcurl has taken everything.
    var isHandedOver: Bool { isLast && offset == chunk.count }

    func give(_ chunk: [UInt8]) {
        self.chunk = chunk
        offset = 0
    }

    func end() { isLast = true }

    enum Step { case bytes(Int), pause, end, wrongLength }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
        guard offset < chunk.count else {
            guard isLast else {
                isPaused = true
                return .pause
            }
            return length ?? sent == sent ? .end : .wrongLength
        }
        let count = min(buffer.count, chunk.count - offset)
        chunk.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count)])) }
        offset += count
        sent += Int64(count)
        if let length, sent > length { return .wrongLength }
        if offset == chunk.count {
            whenTaken?.resume(returning: true)
            whenTaken = nil
        }
        return .bytes(count)
    }

    /// Restarts a body that is completely in memory.
    func rewind() -> Bool {
        guard isLast, source == nil else { return false }
        offset = 0
        sent = 0
        return true
    }

    func cancel() {
        source?.cancel()
        whenTaken?.resume(returning: false)
        whenTaken = nil
    }
}
