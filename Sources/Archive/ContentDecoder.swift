/// A body with a content coding undone, in bounded memory. A body that does not have the coding that its server claims passes through
/// unchanged, and so does an empty one.
///
/// Decoding runs on a thread of its own, as in `ArchiveReader`. One caller at a time.
public actor ContentDecoder {
    private let coding: ContentCoding
    private let limits: ArchiveLimits
    private let source: ArchiveReader.Source
    private var phase = Phase.new
    /// Whether the body had the coding; final after the first `next`.
    public private(set) var isUndone = false

    private enum Phase {
        case new
        case decoding(ArchiveReader)
        case passingThrough(first: [UInt8])
    }

    /// The bytes that decide; a body may come in smaller pieces.
    private static let firstLength = 1024

    /// - Parameter limits: without the number of entries.
    public init(_ coding: ContentCoding, limits: ArchiveLimits = ArchiveLimits(), source: @escaping ArchiveReader.Source) {
        self.coding = coding
        self.limits = limits
        self.source = source
    }

    /// The next bytes, never empty; `nil` at the end, once checksums are verified.
    /// - Throws: `ArchiveError` if the coded body is not intact or exceeds the limits; what the source throws.
    public func next() async throws -> [UInt8]? {
        switch phase {
        case .new:
            try await start()
            return try await next()
        case .passingThrough(let first) where !first.isEmpty:
            phase = .passingThrough(first: [])
            return first
        case .passingThrough: return try await source()
        case .decoding(let reader):
            do throws(ArchiveError) {
                if let bytes = try await reader.read() { return bytes }
                _ = try await reader.nextEntry()
                return nil
            } catch { throw error.kind == .source ? error.cause ?? error : error }
        }
    }

    private func start() async throws {
        var (first, isWhole): ([UInt8], Bool) = ([], false)
        while first.count < Self.firstLength, !isWhole {
            if let bytes = try await source() { first += bytes } else { isWhole = true }
        }
        guard !first.isEmpty, let format = try coding.format(of: first, isWhole: isWhole) else {
            phase = .passingThrough(first: first)
            return
        }
        isUndone = true
        let reader = ArchiveReader(decoding: format, firstBytes: first, limits: limits, source: source)
        phase = .decoding(reader)
        do throws(ArchiveError) { _ = try await reader.nextEntry() } catch { throw error.kind == .source ? error.cause ?? error : error }
    }
}
