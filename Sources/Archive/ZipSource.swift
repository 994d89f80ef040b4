import CArchive

/// Feeds libarchive, and keeps the last bytes that went by, because the streaming reader stops at the directory and never looks
/// whether the archive ends as it should.
final class ZipSource {
    private let input: PackedInput
    /// libarchive reads the last chunk until it asks for the next, so it needs memory that stays where it is.
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
    private var tail: [[UInt8]] = []
    private var tailLength = 0
    /// Why `read` failed, which libarchive cannot say.
    private(set) var interruption: Interruption?

    init(_ input: PackedInput) { self.input = input }

    deinit { buffer.deallocate() }

    /// libarchive's read callback: the number of bytes, 0 at the end, ARCHIVE_FATAL when it is over.
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

    /// Reads what is left and holds the archive's own count of entries against those that were seen: a truncated directory, and
    /// an entry that libarchive took for rubbish between two others, both show here.
    func checkEnd(entries: Int) throws(Interruption) {
        while try next() != nil {}
        guard let end = ZipEnd(lastBytes: Array(tail.joined().suffix(ZipEnd.maxLength))) else {
            throw .corrupt("is truncated: a zip's end record is missing")
        }
        guard end.matches(entries: entries) else {
            throw .corrupt("tells of \(end.entries) entries in its directory, but \(entries) were found")
        }
    }
}
