/// Recognises the beginning of a file that one would send without a content coding: text in any usual encoding, or a known format.
enum PlainBytes {
    private static let sampleLength = 512
    /// So many bytes of compressed data contain a control character.
    private static let longLength = 128

    /// Whether the bytes begin as text or as a file of a known format.
    static func mayBe(_ bytes: [UInt8]) -> Bool {
        isText(bytes) || isMostlyASCII(bytes) || signatures.contains(where: bytes.starts) || isTar(bytes)
    }

    /// Whether the bytes begin as text: UTF-8, or enough of another encoding.
    static func isText(_ bytes: [UInt8]) -> Bool {
        hasNoControl(bytes) && (bytes.count >= longLength || isUTF8(bytes.prefix(sampleLength)))
    }

    static func isLongText(_ bytes: [UInt8]) -> Bool { bytes.count >= longLength && isText(bytes) && isUTF8(bytes.prefix(sampleLength)) }

    /// Short text in an encoding such as ISO 8859-1.
    private static func isMostlyASCII(_ bytes: [UInt8]) -> Bool {
        hasNoControl(bytes) && bytes.count(where: { $0 >= 0x80 }) * 3 <= bytes.count
    }

    private static func hasNoControl(_ bytes: [UInt8]) -> Bool {
        bytes.prefix(sampleLength).allSatisfy { $0 >= 0x20 ? $0 != 0x7F : [0x09, 0x0A, 0x0C, 0x0D].contains($0) }
    }

    /// The last character may be cut.
    private static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
        (0...3).contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil }
    }

    /// A tar has its signature in the header of its first entry.
    private static func isTar(_ bytes: [UInt8]) -> Bool { bytes.count > 262 && bytes[257..<262].elementsEqual("ustar".utf8) }

    private static let signatures: [[UInt8]] = [
        [0x1F, 0x8B, 0x08], [0x28, 0xB5, 0x2F, 0xFD],
        // Text in UTF-16.
        [0xFF, 0xFE], [0xFE, 0xFF],
        // Zip, 7z, xz; the others in the next line are words.
        [0x50, 0x4B, 0x03, 0x04], [0x50, 0x4B, 0x05, 0x06], [0x37, 0x7A, 0xBC, 0xAF], [0xFD, 0x37, 0x7A, 0x58, 0x5A],
        Array("BZh".utf8), Array("PAR1".utf8), Array("ORC".utf8), Array("Obj\u{1}".utf8), Array("ARROW1".utf8), Array("FEA1".utf8),
        Array("SQLite format 3".utf8), Array("%PDF".utf8), Array("GIF8".utf8),
        // PNG, JPEG, HDF5, old Office files.
        [0x89, 0x50, 0x4E, 0x47], [0xFF, 0xD8, 0xFF], [0x89, 0x48, 0x44, 0x46], [0xD0, 0xCF, 0x11, 0xE0],
    ]
}
