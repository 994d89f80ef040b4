/// Generates the bytes of a file as served, chunk by chunk.
struct FileProducer {
    private let layout: FileLayout
    private let encoder: ArchiveEncoder?
    private var entry = 0
    private var offset = 0
    private var isFinished = false

    /// The number of unpacked bytes per step.
    private static let step = 65_536

    init(_ layout: FileLayout) throws(ArchiveEncoderError) {
        self.layout = layout
        encoder = layout.compression == .none ? nil : try ArchiveEncoder(layout.compression)
        if let encoder, let first = layout.entries.first {
            try encoder.begin(name: first.name, bytes: first.content.bytes)
        }
    }

    /// Seeks to an offset of an uncompressed file.
    ///
    /// - Returns: the bytes of the served file that must still be skipped: none, or all before `position`, because a compressed
    ///   file can only be generated from its start.
    mutating func seek(to position: Int) -> Int {
        guard encoder == nil else { return position }
        offset = position
        return 0
    }

    /// The next chunk of about 64 KiB, or nil at the end.
    ///
    /// - Parameter observe: receives every unpacked chunk, with the index of its entry.
    mutating func next(observing observe: (Int, [UInt8]) -> Void = { _, _ in }) throws(ArchiveEncoderError) -> [UInt8]? {
        guard let encoder else {
            let piece = layout.entries[0].content.read(at: offset, count: Self.step)
            offset += piece.count
            observe(0, piece)
            return piece.isEmpty ? nil : piece
        }
        while !isFinished, encoder.pending < Self.step / 2 {
            try advance(encoder, observe)
        }
        let packed = encoder.take()
        return packed.isEmpty ? nil : packed
    }

    private mutating func advance(_ encoder: ArchiveEncoder, _ observe: (Int, [UInt8]) -> Void) throws(ArchiveEncoderError) {
        let piece = layout.entries[entry].content.read(at: offset, count: Self.step)
        if !piece.isEmpty {
            observe(entry, piece)
            try encoder.write(piece)
            offset += piece.count
        } else if entry + 1 < layout.entries.count {
            entry += 1
            offset = 0
            try encoder.begin(name: layout.entries[entry].name, bytes: layout.entries[entry].content.bytes)
        } else {
            try encoder.finish()
            isFinished = true
        }
    }
}
