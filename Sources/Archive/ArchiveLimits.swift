/// Limits on the resources that unpacking an archive may use. An archive that exceeds one ends in an `ArchiveError`.
public struct ArchiveLimits: Sendable, Equatable {
    /// The maximum number of entries of a zip, including directories.
    public var maxEntries: Int
    /// The maximum unpacked size in bytes of all entries together.
    public var maxUnpackedBytes: Int64
    /// The maximum ratio of unpacked to packed bytes. Deflate itself cannot exceed 1032.
    public var maxRatio: Double
    /// The number of unpacked bytes below which the ratio is not checked: small files of blanks are not bombs.
    public var ratioGrace: Int64

    public init(
        maxEntries: Int = 100_000, maxUnpackedBytes: Int64 = 1 << 40, maxRatio: Double = 250, ratioGrace: Int64 = 64 << 20
    ) {
        self.maxEntries = maxEntries
        self.maxUnpackedBytes = maxUnpackedBytes
        self.maxRatio = maxRatio
        self.ratioGrace = ratioGrace
    }

    /// Checks sizes that several layers of packing have together; each layer by itself is checked where it is unpacked.
    /// - Throws: `tooLarge`, `ratioExceeded`.
    public func check(unpacked: Int64, of packed: Int64) throws(ArchiveError) {
        if unpacked > maxUnpackedBytes { throw ArchiveError(.tooLarge, "unpacks to more than \(maxUnpackedBytes) bytes") }
        if unpacked > ratioGrace, Double(unpacked) > maxRatio * Double(max(packed, 1)) {
            throw ArchiveError(.ratioExceeded, "unpacks to more than \(maxRatio) times its size: \(unpacked) bytes of \(packed)")
        }
    }
}

/// Counts packed and unpacked bytes and checks them against the limits.
struct ArchiveMeter {
    let limits: ArchiveLimits
    private(set) var packed: Int64 = 0
    private(set) var unpacked: Int64 = 0
    private(set) var entries = 0

    init(_ limits: ArchiveLimits) { self.limits = limits }

    mutating func addPacked(_ count: Int) { packed += Int64(count) }

    mutating func addEntry() throws(ArchiveError) {
        entries += 1
        if entries > limits.maxEntries {
            throw ArchiveError(.tooManyEntries, "has more than \(limits.maxEntries) entries")
        }
    }

    mutating func addUnpacked(_ count: Int) throws(ArchiveError) {
        unpacked += Int64(count)
        try limits.check(unpacked: unpacked, of: packed)
    }
}
