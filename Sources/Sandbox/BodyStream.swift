import Synchronization

/// Produces the chunks of a body in order. Used by one thread at a time, not always the same one.
protocol BodySource {
    /// The next chunk; nil at the end.
    mutating func next() throws -> [UInt8]?
    /// The pause after each chunk.
    var pause: Duration? { get }
}

/// A body in transmission: each chunk is made off the event loop when the previous one has been sent.
final class BodyStream: Sendable {
    enum Ending: Sendable {
        case orderly
        /// Closes the connection before the body is complete.
        case abrupt
    }

    let ending: Ending
    let pause: Duration?
    /// Whether a chunk can take long, because whole files must be generated for it.
    let makesFacts: Bool
    private let source: Mutex<any BodySource>

    init(_ source: sending any BodySource, ending: Ending = .orderly, makesFacts: Bool = false) {
        self.ending = ending
        self.makesFacts = makesFacts
        pause = source.pause
        self.source = Mutex(source)
    }

    func next() throws -> [UInt8]? {
        try source.withLock { try $0.next() }
    }
}

/// Bytes that are in memory as a whole.
struct StoredBody: BodySource {
    private var rest: ArraySlice<UInt8>

    var pause: Duration? { nil }

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    mutating func next() -> [UInt8]? {
        let piece = rest.prefix(65_536)
        rest = rest.dropFirst(piece.count)
        return piece.isEmpty ? nil : Array(piece)
    }
}

/// A file's bytes, truncated, corrupted or slowed down as the download's fault requires.
struct FileBody: BodySource {
    private var producer: FileProducer
    /// The bytes of the served file to skip before the range starts.
    private var skipping: Int
    private var remaining: Int
    /// The offset in the file of the next chunk.
    private var position: Int
    private var waiting: [UInt8] = []
    private var pieceSize = Int.max
    private(set) var pause: Duration?
    /// The offset in the file of the byte to corrupt.
    var corruptedAt: Int?

    init(_ producer: FileProducer, part: Range<Int>) {
        self.producer = producer
        skipping = self.producer.seek(to: part.lowerBound)
        position = part.lowerBound - skipping
        remaining = part.count
    }

    mutating func limit(to count: Int) {
        remaining = min(remaining, count)
    }

    /// Uses twenty chunks, so that a client that watches progress sees some.
    mutating func spread(over duration: Duration) {
        pieceSize = max(1, remaining / 20)
        pause = duration / 20
    }

    mutating func next() throws -> [UInt8]? {
        while remaining > 0 {
            if waiting.isEmpty {
                guard let made = try make() else { return nil }
                waiting = made
            }
            let piece = Array(waiting.prefix(min(pieceSize, remaining)))
            waiting.removeFirst(piece.count)
            remaining -= piece.count
            if !piece.isEmpty { return piece }
        }
        return nil
    }

    private mutating func make() throws -> [UInt8]? {
        guard var made = try producer.next() else { return nil }
        if let offset = corruptedAt, (position..<position + made.count).contains(offset) {
            made[offset - position] ^= 0x5A
        }
        position += made.count
        let skipped = min(skipping, made.count)
        skipping -= skipped
        return skipped == 0 ? made : Array(made[skipped...])
    }
}
