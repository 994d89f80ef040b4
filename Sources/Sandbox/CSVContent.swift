/// The rows of one CSV file or zip entry, computed from a seed at any offset and never stored.
///
/// All rows have the same length, so an offset determines its row. Rows hold a sequence number, a time and skewed columns,
/// and compress about fourfold, as reports do.
struct CSVContent: Sendable, Hashable {
    let seed: UInt64
    /// The length in bytes. The last byte is a line feed, even if it cuts the last row.
    let bytes: Int

    private static let header = Array("id,time,account,country,units,amount\n".utf8)
    private static let template = Array("0000000000,2026-03-01T00:00:00Z,acct-0000,DE,0000,000000.00\n".utf8)
    private static let countries = ["DE", "US", "FR", "GB", "IT", "ES", "NL", "PL", "SE", "JP", "BR", "IN"].map { Array($0.utf8) }

    /// Returns up to `count` bytes from `offset` on; fewer at the end, and none after it.
    func read(at offset: Int, count: Int) -> [UInt8] {
        let end = min(bytes, offset + count)
        guard offset < end else { return [] }
        var output: [UInt8] = []
        output.reserveCapacity(end - offset)
        var position = offset
        if position < Self.header.count {
            output += Self.header[position..<min(end, Self.header.count)]
            position = offset + output.count
        }
        var row = Self.template
        while position < end {
            let (index, within) = (position - Self.header.count).quotientAndRemainder(dividingBy: row.count)
            fill(&row, index: index)
            let taken = min(row.count - within, end - position)
            output += row[within..<within + taken]
            position += taken
        }
        if end == bytes { output[output.count - 1] = UInt8(ascii: "\n") }
        return output
    }

    private func fill(_ row: inout [UInt8], index: Int) {
        let bits = Draw.mix(seed ^ UInt64(index))
        let second = index * 3 % 86_400
        put(index, width: 10, at: 0, of: &row)
        put(1 + index * 3 / 86_400 % 28, width: 2, at: 19, of: &row)
        put(second / 3600, width: 2, at: 22, of: &row)
        put(second / 60 % 60, width: 2, at: 25, of: &row)
        put(second % 60, width: 2, at: 28, of: &row)
        put(Int(bits % 300), width: 4, at: 37, of: &row)
        let country = Self.countries[Int((bits >> 12) % 12 & (bits >> 20) % 12)]
        row[42] = country[0]
        row[43] = country[1]
        put(Int((bits >> 24) % 20), width: 4, at: 45, of: &row)
        put(Int((bits >> 32) % 10_000), width: 6, at: 50, of: &row)
        put(Int((bits >> 48) % 20) * 5, width: 2, at: 57, of: &row)
    }

    private func put(_ value: Int, width: Int, at start: Int, of row: inout [UInt8]) {
        var rest = value
        for position in stride(from: start + width - 1, through: start, by: -1) {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            row[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
    }
}
