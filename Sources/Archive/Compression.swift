/// How the bytes of a file are packed.
public enum Compression: String, Sendable, CaseIterable {
    /// Not at all: they pass through.
    case none
    /// RFC 1952, any number of members one after the other.
    case gzip
    /// PKWARE's APPNOTE, zip64 included, without encryption.
    case zip
    /// Whatever the first bytes tell.
    case auto

    /// The number of first bytes that `detect` needs.
    static let signatureLength = 4

    /// What the first bytes of a file tell: never `auto`, and `none` for whatever has no signature that is known here.
    public static func detect(_ firstBytes: some Collection<UInt8>) -> Compression {
        let bytes = Array(firstBytes.prefix(signatureLength))
        if bytes.starts(with: [0x1F, 0x8B]) { return .gzip }
        // A local file header, or the end record of a zip without entries.
        if bytes == [0x50, 0x4B, 0x03, 0x04] || bytes == [0x50, 0x4B, 0x05, 0x06] { return .zip }
        return .none
    }
}
