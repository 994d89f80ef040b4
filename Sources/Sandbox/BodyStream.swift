import Synchronization

/// Makes the pieces of a body, one after the other. Used by one thread at a time, not always by the same.
protocol BodySource {
    /// The next piece; nil at the end.
    mutating func next() throws -> [UInt8]?
    /// How long to wait after each piece.
    var pause: Duration? { get }
}

/// A body on its way: its pieces are made off the event loop, each when the one before has left.
final class BodyStream: Sendable {
    enum Ending: Sendable {
        case orderly
        /// By closing the connection before the body is whole.
        case abrupt
    }

    let ending: Ending
    let pause: Duration?
    /// Whether a piece can take long, since files have to be made whole for it.
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

/// A file's bytes, cut, spoiled and slowed as the fault of the download wants it.
struct FileBody: BodySource {
    private var producer: FileProducer
    /// Bytes of the served file to be thrown away before the part begins.
    private var skipping: Int
    private var remaining: Int
    /// The offset in the file of the next piece that is made.
    private var position: Int
    private var waiting: [UInt8] = []
    private var pieceSize = Int.max
    private(set) var pause: Duration?
    /// The offset in the file of a byte that shall be wrong.
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

    /// In twenty pieces, so that a client that looks for progress sees some.
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
