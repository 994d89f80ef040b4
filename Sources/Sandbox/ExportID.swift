import Encoding

/// The id of an export: 64 bits, written as `ex-` and 16 hexadecimal digits.
struct ExportID: Sendable, Hashable {
    let bits: UInt64

    init(bits: UInt64) {
        self.bits = bits
    }

    /// - Returns: `nil` for anything but what `text` gives.
    init?(_ text: some StringProtocol) {
        guard text.hasPrefix("ex-"), let bytes = Hexadecimal.bytes(text.dropFirst(3)), bytes.count == 8 else { return nil }
        bits = bytes.reduce(0) { $0 << 8 | UInt64($1) }
        guard self.text == text else { return nil }
    }

    var text: String { "ex-" + withUnsafeBytes(of: bits.bigEndian) { Hexadecimal.text($0) } }
}
