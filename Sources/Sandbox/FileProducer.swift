import Archive

/// Generates the bytes of a file as served, chunk by chunk.
struct FileProducer {
    private let layout: FileLayout
    private let writer: ArchiveWriter?
    private var entry = 0
    private var offset = 0
    private var isFinished = false

    /// The number of unpacked bytes per step.
    private static let step = 65_536

    init(_ layout: FileLayout) throws(ArchiveWriterError) {
        self.layout = layout
        writer =
            switch layout.compression {
            case .none: nil
            case .gzip: try ArchiveWriter(.gzip)
            case .zip: try ArchiveWriter(.zip)
            }
        if let writer, let first = layout.entries.first {
            try writer.begin(name: first.name, bytes: first.content.bytes)
        }
    }

    /// Seeks to an offset of an uncompressed file.
    ///
    /// - Returns: the bytes of the served file that must still be skipped: none, or all before `position`, because a compressed
    ///   file can only be generated from its start.
    mutating func seek(to position: Int) -> Int {
        guard writer == nil else { return position }
        offset = position
        return 0
    }

    /// The next chunk of about 64 KiB, or nil at the end.
    ///
    /// - Parameter observe: receives every unpacked chunk, with the index of its entry.
    mutating func next(observing observe: (Int, [UInt8]) -> Void = { _, _ in }) throws(ArchiveWriterError) -> [UInt8]? {
        guard let writer else {
            let piece = layout.entries[0].content.read(at: offset, count: Self.step)
            offset += piece.count
            observe(0, piece)
            return piece.isEmpty ? nil : piece
        }
        while !isFinished, writer.pending < Self.step / 2 {
            try advance(writer, observe)
        }
        let packed = writer.take()
        return packed.isEmpty ? nil : packed
    }

    private mutating func advance(_ writer: ArchiveWriter, _ observe: (Int, [UInt8]) -> Void) throws(ArchiveWriterError) {
        let piece = layout.entries[entry].content.read(at: offset, count: Self.step)
        if !piece.isEmpty {
            observe(entry, piece)
            try writer.write(piece)
            offset += piece.count
        } else if entry + 1 < layout.entries.count {
            entry += 1
            offset = 0
            try writer.begin(name: layout.entries[entry].name, bytes: layout.entries[entry].content.bytes)
        } else {
            try writer.finish()
            isFinished = true
        }
    }
}
