import Archive

/// Bytes as a server packs them.
enum Packed {
    static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let writer = try ArchiveWriter(.gzip)
        try writer.begin(name: "x", bytes: bytes.count)
        try writer.write(bytes)
        try writer.finish()
        return writer.take()
    }
}
