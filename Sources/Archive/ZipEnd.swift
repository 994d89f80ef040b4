/// The end records of a zip: APPNOTE 4.3.14 to 4.3.16.
struct ZipEnd: Equatable {
    /// End record, the longest comment, zip64 locator and end record.
    static let maxLength = 22 + 65_535 + 20 + 56

    /// The number of entries in the directory.
    let entries: UInt64
    private let isZip64: Bool

    /// `nil` if no end record reaches exactly to the last byte.
    init?(lastBytes bytes: [UInt8]) {
        guard let position = Self.endRecord(in: bytes) else { return nil }
        let count = UInt64(bytes.littleEndian(at: position + 10, count: 2))
        if let large = Self.zip64Entries(in: bytes, before: position) {
            self.entries = large
            self.isZip64 = true
        } else {
            self.entries = count
            self.isZip64 = false
        }
    }

    /// Writers without zip64 let the two-byte count overflow.
    func matches(entries found: Int) -> Bool {
        isZip64 ? entries == UInt64(found) : entries == UInt64(found & 0xFFFF) || (entries == 0xFFFF && found > 0xFFFF)
    }

    private static func endRecord(in bytes: [UInt8]) -> Int? {
        var position = bytes.count - 22
        while position >= 0 {
            if bytes.littleEndian(at: position, count: 4) == 0x0605_4B50,
                position + 22 + Int(bytes.littleEndian(at: position + 20, count: 2)) == bytes.count
            {
                return position
            }
            position -= 1
        }
        return nil
    }

    private static func zip64Entries(in bytes: [UInt8], before end: Int) -> UInt64? {
        let locator = end - 20
        guard locator >= 0, bytes.littleEndian(at: locator, count: 4) == 0x0706_4B50 else { return nil }
        let record = locator - 56
        guard record >= 0, bytes.littleEndian(at: record, count: 4) == 0x0606_4B50 else { return nil }
        return bytes.littleEndian(at: record + 32, count: 8)
    }
}

extension [UInt8] {
    fileprivate func littleEndian(at position: Int, count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(self[position + $1]) << (8 * $1) }
    }
}
