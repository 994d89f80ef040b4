/// The compression of a file.
public enum Compression: String, Sendable, CaseIterable {
    /// Not packed: bytes pass through unchanged.
    case none
    /// RFC 1952, any number of concatenated members.
    case gzip
    /// PKWARE's APPNOTE, including zip64, without encryption.
    case zip
    /// Detected from the first bytes.
    case auto

    /// The number of first bytes that `detect` needs.
    static let signatureLength = 4

    /// The compression by the first bytes of a file: never `auto`, and `none` if no known signature matches.
    public static func detect(_ firstBytes: some Collection<UInt8>) -> Compression {
        let bytes = Array(firstBytes.prefix(signatureLength))
        // The third byte is the only method there is; text may begin with the first two.
        if bytes.starts(with: [0x1F, 0x8B]), bytes.count < 3 || bytes[2] == 0x08 { return .gzip }
        // A local file header, or the end record of a zip without entries.
        if bytes == [0x50, 0x4B, 0x03, 0x04] || bytes == [0x50, 0x4B, 0x05, 0x06] { return .zip }
        return .none
    }
}
