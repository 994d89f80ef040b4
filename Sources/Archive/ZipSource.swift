import CArchive

/// Feeds libarchive, and keeps the last bytes, because the streaming reader stops at the directory and does not check the end of
/// the archive.
final class ZipSource {
    private let input: PackedInput
    /// libarchive reads a chunk until it requests the next, so the memory must not move.
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
    private var tail: [[UInt8]] = []
    private var tailLength = 0
    /// The reason why `read` failed, which libarchive cannot report.
    private(set) var interruption: Interruption?

    init(_ input: PackedInput) { self.input = input }

    deinit { buffer.deallocate() }

    /// libarchive's read callback: returns the number of bytes, 0 at the end, ARCHIVE_FATAL on failure.
    func read(_ block: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
        do throws(Interruption) {
            guard let chunk = try next() else { return 0 }
            if chunk.count > buffer.count {
                buffer.deallocate()
                buffer = .allocate(byteCount: chunk.count, alignment: 16)
            }
            buffer.copyBytes(from: chunk)
            block?.pointee = UnsafeRawPointer(buffer.baseAddress)
            return chunk.count
        } catch {
            interruption = error
            return Int(ARCHIVE_FATAL)
        }
    }

    private func next() throws(Interruption) -> [UInt8]? {
        guard let chunk = try input.next() else { return nil }
        tail.append(chunk)
        tailLength += chunk.count
        while let first = tail.first, tailLength - first.count >= ZipEnd.maxLength {
            tailLength -= first.count
            tail.removeFirst()
        }
        return chunk
    }

    /// Reads the rest and compares the archive's own entry count with the number of entries found. This detects a truncated
    /// directory, and an entry that libarchive skipped as garbage between two others.
    func checkEnd(entries: Int) throws(Interruption) {
        while try next() != nil {}
        guard let end = ZipEnd(lastBytes: Array(tail.joined().suffix(ZipEnd.maxLength))) else {
            throw .corrupt("is truncated: the zip's end record is missing")
        }
        guard end.matches(entries: entries) else {
            throw .corrupt("lists \(end.entries) entries in its directory, but \(entries) were found")
        }
    }
}
